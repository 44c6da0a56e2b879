"""The images of one DICOM series as named parts: each a stack, or what is refused and why.

First apart goes what shows different things (water, fat, phase, a scout among the slices), then what lies in different planes, then
what only a number tells apart (echo, time).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.io.axes import plane_of
from gluteal_grade.io.echoes import echo_kinds
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.headers import refused_series
from gluteal_grade.io.packages import STATION, packages_of
from gluteal_grade.io.scattered import without_resent
from gluteal_grade.io.sequences import classify
from gluteal_grade.io.stacks import Stack, orientations, partition, stacks_of, without_copies
from gluteal_grade.vocabulary import SeriesKind

_ROLES = {
    SeriesKind.DIXON_WATER: "water",
    SeriesKind.DIXON_FAT: "fat",
    SeriesKind.DIXON_IN_PHASE: "in",
    SeriesKind.DIXON_OPPOSED_PHASE: "opposed",
    SeriesKind.FAT_FRACTION: "ff",
    SeriesKind.LOCALIZER: "scout",
}
_COMPONENTS = {"P": "phase", "PHASE": "phase", "R": "real", "REAL": "real", "I": "imaginary", "IMAGINARY": "imaginary", "MIXED": "mixed"}
_SUFFIXES = {"te": "e", "ti": "ti", "b": "b", "echo": "e", "time": "time", "trigger": "trigger", "acquisition": "acq", STATION: "st"}


@dataclass(frozen=True)
class Part:
    """One volume of a series.

    Attributes:
        suffix: end of its id, ``""`` for the only one.
        stack: its images.
        kind, kind_reason: where its place in the series says what it is, else None: the rules say.
        notes: what was done to the series to make a volume of it.
    """

    suffix: str
    stack: Stack
    kind: SeriesKind | None = None
    kind_reason: str = ""
    notes: tuple[Note, ...] = ()


def parts_of(frames: Sequence[Frame]) -> list[Part]:
    """The parts of one series, in the order of their suffixes' making.

    Args:
        frames: all its images, at least one, in any order.
    """
    once, resent = without_resent(without_copies(frames))
    parts = _parts(sorted(once, key=lambda f: (f.file.name, f.index)))
    if not resent:
        return parts
    words = f"{resent} images are there again under another SOPInstanceUID, with the same pixels at the same place; left out"
    return [replace(part, notes=(Note(Reason.COPIES_LEFT_OUT, words),)) for part in parts]


def _parts(frames: Sequence[Frame]) -> list[Part]:
    refusal = _refuses_all(frames)
    if refusal is not None:
        return [Part("", Stack(tuple(frames), refusal=refusal))]
    unusable = [frame for frame in frames if refused_series(frame)]
    by_role = partition([frame for frame in frames if not refused_series(frame)], role_namer())
    parts: list[Part] = []
    for role, group in by_role.items():
        start = f".{role or 'main'}" if len(by_role) > 1 else ""
        parts += [replace(part, suffix=start + part.suffix) for part in _same_role(group)]
    if unusable:
        parts.append(Part(".x", Stack(tuple(unusable), refusal=refused_series(unusable[0]))))
    return parts


def role_namer() -> Callable[[Frame], str]:
    """A function that names what an image shows; equal facts are asked once, a series has thousands of images with the same."""
    known: dict[tuple[object, ...], str] = {}

    def role(frame: Frame) -> str:
        facts = frame.facts
        key = (facts.image_type, facts.component, facts.acquisition_contrast)
        if key not in known:
            kind, reason = classify(replace(facts, texts=(), protocol=""))  # words are one for the whole series and separate nothing
            known[key] = _COMPONENTS.get(facts.component) or _ROLES.get(kind) or ("map" if reason.startswith("derived_view") else "")
        return known[key]

    return role


def _refuses_all(frames: Sequence[Frame]) -> RefusedInput | None:
    """Why the whole series is refused: no image is usable, or one is missing that belongs to the stack.

    Without a damaged or unplaced image the rest may well form a stack, one that ends a slice early and looks whole.
    """
    if damage := next((frame.damage for frame in frames if frame.damage), ""):
        return RefusedInput(Reason.TRUNCATED_PIXELS, damage)
    refusals = [(frame, refused_series(frame)) for frame in frames]
    sizes = {frame.shape for frame, refusal in refusals if refusal is None}
    for frame, refusal in refusals:
        if refusal is not None and (not sizes or (refusal.reason is Reason.NO_GEOMETRY and frame.shape in sizes)):
            return refusal
    return None


def _same_role(frames: list[Frame]) -> list[Part]:
    groups = orientations(frames)
    if len(groups) > 1:
        return _several_orientations(frames, groups)
    stacks = [piece for stack in stacks_of(frames) for piece in packages_of(stack)]
    parts = [Part(suffix, stack) for stack, suffix in zip(stacks, _suffixes(stacks), strict=True)]
    by_echo = len(stacks) == 2 or all({name for name, _ in stack.split_by} == {"te"} for stack in stacks)
    kinds = echo_kinds([stack.frames[0].facts for stack in stacks]) if len(stacks) > 1 and by_echo else None
    if kinds is None:
        return parts
    return [replace(part, kind=kind, kind_reason=reason) for part, (kind, reason) in zip(parts, kinds, strict=True)]


def _several_orientations(frames: list[Frame], groups: list[list[Frame]]) -> list[Part]:
    """A localizer, one stack a plane; anything else with several orientations is refused, never stacked."""
    stacks = [stacks_of(group) for group in groups]
    one_scan = len({(f.shape, f.facts.te_ms, f.facts.tr_ms, f.keys.number) for f in frames}) == 1
    localizer = all(classify(f.facts)[0] is SeriesKind.LOCALIZER for f in frames)
    if (one_scan or localizer) and all(len(split) == 1 and split[0].refusal is None for split in stacks):
        labels = _numbered([f".{plane_of(group[0].normal).value}" for group in groups])
        reason = f"{len(groups)} orientations in one series"
        return [Part(label, split[0], SeriesKind.LOCALIZER, reason) for split, label in zip(stacks, labels, strict=True)]
    detail = f"{len(groups)} orientations, image sizes or pixel spacings in one series"
    parallel = all(abs(float(group[0].normal @ groups[0][0].normal)) > 0.9999 for group in groups)
    reason_code = Reason.MIXED_SLICE_SIZE if parallel else Reason.MIXED_ORIENTATION
    return [Part("", Stack(tuple(frames), refusal=RefusedInput(reason_code, detail)))]


def _suffixes(stacks: Sequence[Stack]) -> list[str]:
    """Unique endings of ids, e.g. ``[".e1", ".e2"]``; empty for an only stack."""
    if len(stacks) == 1:
        return [""]
    endings = []
    for stack in stacks:
        ending = ""
        for name, value in stack.split_by:
            siblings = sorted({v for s in stacks for n, v in s.split_by if n == name}, key=lambda v: (isinstance(v, str), v))
            ending += f".{_SUFFIXES[name]}{siblings.index(value) + 1}"
        endings.append(ending or ".main")
    return _numbered(endings)


def _numbered(names: Sequence[str]) -> list[str]:
    """The names, repeated ones with 2, 3... behind them."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}{seen[name]}")
    return result
