"""The images of one DICOM series as `Series`: split into volumes, classified, each with its loader or its refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.axes import plane_of
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.origin import origin_of_stack
from gluteal_grade.io.pixels import StackLoader
from gluteal_grade.io.sequences import SeriesFacts, classify, contrast_agent, mars_hint
from gluteal_grade.io.study import NAMED_BY_USER, Acquisition, Plane, Series
from gluteal_grade.io.volumes import Part, parts_of
from gluteal_grade.vocabulary import SeriesKind


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
    return [_described(part, name) for part in parts_of(frames)]


def _described(part: Part, name: str) -> Series:
    stack = part.stack
    first = stack.frames[0]
    facts = first.facts
    kind, kind_reason = (part.kind, part.kind_reason) if part.kind else classify(facts)
    mars, mars_reason = mars_hint(facts)
    refusal: GradeError | None = stack.refusal
    grid, load, slice_axis = None, None, 2
    if stack.affine is not None:
        try:
            plain = stack.grid
            assert plain is not None
            grid, slice_axis = plain.to_ras(), int(plain.orientation[2, 0])
            load = StackLoader(stack.frames, stack.affine, "display" if kind in _DISPLAY_KINDS else "precise")
        except GradeError as error:
            refusal = error
    refused = refusal or RefusedInput(Reason.NOT_A_VOLUME)
    loader: Callable[[], Volume] = load or Refuse(refused)
    mixed = refusal is not None and refusal.reason is Reason.MIXED_ORIENTATION
    return Series(
        id=name + part.suffix,
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
        acquisition=replace(
            acquisition(facts, rescaled=_rescaled(first, kind)), offset=_offset(first, kind), display_slope=_display_slope(first)
        ),
        origin=origin_of_stack(stack),
        sources=tuple(dict.fromkeys(frame.keys.sop_uid for frame in stack.frames if frame.keys.sop_uid)),
        refusal=refusal,
        notes=part.notes,
        image_count=len(stack.frames),
    )


# A fat fraction map's rescale slope is its unit; undoing it would lose the percent. CT has no private slope.
_DISPLAY_KINDS = {SeriesKind.FAT_FRACTION, SeriesKind.CT}


def _rescaled(frame: Frame, kind: SeriesKind) -> bool:
    """On Philips MR the public slope is for the display: only with the private one do volumes share a scale."""
    philips = frame.facts.modality == "MR" and frame.facts.manufacturer.upper().startswith("PHILIPS")
    if (philips or frame.scaling.scale_slope is not None) and kind not in _DISPLAY_KINDS:
        return frame.scaling.scale_slope is not None
    return "RescaleSlope" in frame.scaling.given


def _display_slope(frame: Frame) -> float | None:
    return frame.scaling.slope if "RescaleSlope" in frame.scaling.given and frame.scaling.scale_slope is None else None


def _offset(frame: Frame, kind: SeriesKind) -> float:
    scaling = frame.scaling
    if scaling.slope == 0:  # such a stack is refused when it is read
        return 0.0
    return (scaling.display() if kind in _DISPLAY_KINDS else scaling.precise())[1]


def acquisition(facts: SeriesFacts, *, rescaled: bool) -> Acquisition:
    """The facts that the measurement uses."""
    return Acquisition(
        modality=facts.modality or None,
        manufacturer=facts.manufacturer or None,
        model=facts.model or None,
        software=facts.software or None,
        field_strength_t=facts.field_strength_t,
        te_ms=facts.te_ms,
        tr_ms=facts.tr_ms,
        ti_ms=facts.ti_ms,
        flip_angle_deg=facts.flip_angle_deg,
        bandwidth_hz_per_pixel=facts.bandwidth_hz_per_pixel,
        scanning_sequence=facts.scanning_sequence,
        contrast_agent=contrast_agent(facts),
        slice_thickness_mm=facts.slice_thickness_mm,
        tube_kv=facts.kvp,
        rescaled=rescaled,
    )


def overridden(series: Series, kinds: Mapping[str, SeriesKind] | SeriesKind | None, *names: str) -> Series:
    """The series with the kind its user named, if any: by its id, the id of its whole series, or one of `names`.

    One kind for all leaves localizers what they are: who says "these are T1" does not mean the scout.
    """
    if isinstance(kinds, SeriesKind):
        named = None if series.kind is SeriesKind.LOCALIZER else kinds
    else:
        keys = (series.id, series.id.split(".")[0], *names)
        named = next((kinds[key] for key in keys if key in kinds), None) if kinds else None
    return series if named is None else replace(series, kind=named, kind_reason=NAMED_BY_USER)
