"""The images of one DICOM series as `Series`: split into volumes, classified, each with its loader or its refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.axes import plane_of, ras_axis, ras_grid
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.headers import refused_series
from gluteal_grade.io.pixels import StackLoader
from gluteal_grade.io.sequences import SeriesFacts, classify, contrast_agent, mars_hint
from gluteal_grade.io.stacks import Stack, orientations, stacks_of, without_copies
from gluteal_grade.study import Acquisition, Plane, Series, SeriesKind

_ROLES = {
    SeriesKind.DIXON_WATER: "water",
    SeriesKind.DIXON_FAT: "fat",
    SeriesKind.DIXON_IN_PHASE: "in",
    SeriesKind.DIXON_OPPOSED_PHASE: "opposed",
    SeriesKind.FAT_FRACTION: "ff",
}
_COMPONENTS = {"P": "phase", "PHASE": "phase", "R": "real", "REAL": "real", "I": "imaginary", "IMAGINARY": "imaginary", "MIXED": "mixed"}
_SUFFIXES = {"te": "e", "ti": "ti", "b": "b", "echo": "e", "time": "t", "trigger": "t", "acquisition": "a"}


@dataclass(frozen=True)
class Refuse:
    """The loader of what cannot be loaded: raises its reason."""

    refusal: GradeError

    def __call__(self) -> Volume:
        """Never returns.

        Raises:
            GradeError: the refusal.
        """
        raise self.refusal


def series_of(frames: Sequence[Frame], name: str) -> list[Series]:
    """The volumes of one series.

    Args:
        frames: all its images, at least one, in any order.
        name: the start of each `Series.id`, e.g. ``"s3"``.
    """
    frames = sorted(without_copies(frames), key=lambda f: (f.file.name, f.index))
    refusal = _refuses_all(frames)
    if refusal is not None:
        return [_described(Stack(tuple(frames), refusal=refusal), name)]
    unusable = [frame for frame in frames if refused_series(frame)]
    usable = [frame for frame in frames if not refused_series(frame)]
    series = _volumes(usable, name)
    if unusable:
        series.append(_described(Stack(tuple(unusable), refusal=refused_series(unusable[0])), f"{name}.x"))
    return series


def _refuses_all(frames: Sequence[Frame]) -> RefusedInput | None:
    """Why the whole series is refused: no image is usable, or one is missing that belongs to the stack.

    Without a damaged or unplaced image the rest may well form a stack, one that ends a slice early and looks whole.
    """
    if damage := next((frame.damage for frame in frames if frame.damage), ""):
        return RefusedInput(Reason.TRUNCATED_PIXELS, damage)
    refusals = {id(frame): refused_series(frame) for frame in frames}
    sizes = {frame.shape for frame in frames if refusals[id(frame)] is None}
    for frame in frames:
        refusal = refusals[id(frame)]
        if refusal is not None and (not sizes or (refusal.reason is Reason.NO_GEOMETRY and frame.shape in sizes)):
            return refusal
    return None


def _volumes(frames: list[Frame], name: str) -> list[Series]:
    groups = orientations(frames)
    if len(groups) == 1:
        stacks = stacks_of(groups[0], _Roles())
        return [_described(stack, name + suffix) for stack, suffix in zip(stacks, _suffixes(stacks), strict=True)]
    split = [stacks_of(group, _Roles()) for group in groups]
    one_scan = len({(f.shape, f.facts.te_ms, f.facts.tr_ms, f.keys.number) for f in frames}) == 1
    localizer = all(classify(f.facts)[0] is SeriesKind.LOCALIZER for f in frames)
    whole = all(len(stacks) == 1 and stacks[0].refusal is None for stacks in split)
    if whole and (one_scan or localizer):
        planes = [plane_of(group[0].normal) for group in groups]
        labels = _numbered([plane.value for plane in planes])
        reason = f"{len(groups)} orientations in one series"
        return [
            replace(_described(stacks[0], f"{name}.{label}"), kind=SeriesKind.LOCALIZER, kind_reason=reason)
            for stacks, label in zip(split, labels, strict=True)
        ]
    sizes = {frame.shape for frame in frames}
    same_direction = len(orientations([replace(f, shape=(0, 0), place=replace(f.place, spacing_mm=(1.0, 1.0))) for f in frames])) == 1
    if same_direction:
        refusal = RefusedInput(Reason.MIXED_SLICE_SIZE, f"{len(sizes)} image sizes or pixel spacings in one series")
    else:
        refusal = RefusedInput(Reason.MIXED_ORIENTATION, f"{len(groups)} orientations or image sizes in one series")
    return [_described(Stack(tuple(frames), refusal=refusal), name)]


class _Roles:
    """Names what an image shows; equal facts are asked once, a series has thousands of images with the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], str] = {}

    def __call__(self, frame: Frame) -> str:
        facts = frame.facts
        key = (facts.image_type, facts.component, facts.acquisition_contrast, facts.texts)
        if key not in self._known:
            kind, reason = classify(replace(facts, texts=()))  # words are one for the whole series and separate nothing
            self._known[key] = _COMPONENTS.get(facts.component) or _ROLES.get(kind) or ("map" if reason.startswith("derived_view") else "")
        return self._known[key]


def _suffixes(stacks: Sequence[Stack]) -> list[str]:
    """Unique endings of ids, e.g. ``[".water", ".fat.e1", ".fat.e2"]``; empty for an only stack."""
    if len(stacks) == 1:
        return [""]
    parts = []
    for stack in stacks:
        keys = dict(stack.split_by)
        ending = f".{keys['role']}" if keys.get("role") else ""
        for name, value in stack.split_by[1:]:
            siblings = sorted({v for s in stacks for n, v in s.split_by[1:] if n == name}, key=lambda v: (isinstance(v, str), v))
            ending += f".{_SUFFIXES[name]}{siblings.index(value) + 1}"
        parts.append(ending or ".main")
    return _numbered(parts)


def _numbered(names: Sequence[str]) -> list[str]:
    """The names, repeated ones with 2, 3... behind them."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}{seen[name]}")
    return result


def _described(stack: Stack, name: str) -> Series:
    first = stack.frames[0]
    facts = first.facts
    kind, kind_reason = classify(facts)
    mars, mars_reason = mars_hint(facts)
    refusal: GradeError | None = stack.refusal
    grid, load, slice_axis = None, None, 2
    if stack.affine is not None:
        try:
            plain = stack.grid
            assert plain is not None
            grid, slice_axis = ras_grid(plain), ras_axis(plain, 2)
            load = StackLoader(stack.frames, stack.affine, "display" if kind in _DISPLAY_KINDS else "precise")
        except GradeError as error:
            refusal = error
    refused = refusal or RefusedInput(Reason.NOT_A_VOLUME)
    loader: Callable[[], Volume] = load or Refuse(refused)
    mixed = refusal is not None and refusal.reason is Reason.MIXED_ORIENTATION
    return Series(
        id=name,
        kind=kind,
        kind_reason=kind_reason,
        load=loader,
        uid=None if first.keys.series_uid.startswith("folder:") else first.keys.series_uid,
        number=first.keys.number,
        description=first.keys.description,
        plane=Plane.MIXED if mixed else plane_of(first.normal) if first.place.known else Plane.UNKNOWN,
        mars=mars,
        mars_reason=mars_reason,
        grid=None if refusal else grid,
        slice_axis=slice_axis,
        frame_of_reference=first.keys.frame_of_reference,
        acquisition=acquisition(facts, rescaled=_rescaled(first, kind)),
        sources=tuple(dict.fromkeys(frame.keys.sop_uid for frame in stack.frames if frame.keys.sop_uid)),
        refusal=refusal,
        image_count=len(stack.frames),
    )


# A fat fraction map's rescale slope is its unit; undoing it would lose the percent. CT has no private slope.
_DISPLAY_KINDS = {SeriesKind.FAT_FRACTION, SeriesKind.CT}


def _rescaled(frame: Frame, kind: SeriesKind) -> bool:
    """On Philips MR the public slope is for the display: only with the private one do volumes share a scale."""
    philips = frame.facts.modality == "MR" and frame.facts.manufacturer.upper().startswith("PHILIPS")
    if philips and kind not in _DISPLAY_KINDS:
        return frame.scaling.scale_slope is not None
    return frame.scaling.given


def acquisition(facts: SeriesFacts, *, rescaled: bool) -> Acquisition:
    """The facts that the measurement uses."""
    return Acquisition(
        modality=facts.modality or None,
        manufacturer=facts.manufacturer or None,
        field_strength_t=facts.field_strength_t,
        te_ms=facts.te_ms,
        tr_ms=facts.tr_ms,
        ti_ms=facts.ti_ms,
        flip_angle_deg=facts.flip_angle_deg,
        bandwidth_hz_per_pixel=facts.bandwidth_hz_per_pixel,
        scanning_sequence=facts.scanning_sequence,
        contrast_agent=contrast_agent(facts),
        slice_thickness_mm=facts.slice_thickness_mm,
        rescaled=rescaled,
    )


def overridden(series: Series, kinds: Mapping[str, SeriesKind] | SeriesKind | None, *names: str) -> Series:
    """The series with the kind its user named, if any: by its id, the id of its whole series, or one of `names`."""
    if isinstance(kinds, SeriesKind):
        named: SeriesKind | None = kinds
    else:
        keys = (series.id, series.id.split(".")[0], *names)
        named = next((kinds[key] for key in keys if key in kinds), None) if kinds else None
    return series if named is None else replace(series, kind=named, kind_reason="named by the user")
