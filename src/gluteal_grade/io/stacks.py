"""Sorting the images of one series into volumes, and refusing what is none.

A series may hold several volumes (echoes, water and fat, time points) and several orientations. What separates them is looked for in
the order of `SPLITTERS`; what stays together must be a stack: one image a position, evenly spaced along the normal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.geometry import FloatArray, Grid, affine_from_lps
from gluteal_grade.io.frames import Frame
from gluteal_grade.io.pixels import decoded

# Headers round positions to 0.1 mm or worse; a gap off by less than that, or by a twentieth, moves no muscle's volume noticeably,
# whereas a missing slice doubles a gap.
GAP_TOLERANCE_MM = 0.1
GAP_TOLERANCE_SHARE = 0.05
DRIFT_TOLERANCE_SHARE = 0.25  # of a gap, for the sum of such errors: a quarter slice blurs less than the slices' own thickness
# A stack may lean by what rounded positions can cause, not more: beyond, voxels are not boxes.
TILT_TOLERANCE_DEG = 0.05
TILT_TOLERANCE_MM = 0.1
_SAME_DIRECTION = 1e-3  # of a unit vector's component: some 0.06 degrees
_SAME_SPACING_MM = 1e-4
_SAME_POSITION_MM = 0.01

SPLITTERS = ("te", "ti", "b", "echo", "time", "trigger", "acquisition")


@dataclass(frozen=True)
class Stack:
    """Images in slice order that make one volume, or the reason why they do not.

    Attributes:
        frames: along the normal, first to last (any order where refused).
        affine: voxel (column, row, slice) to RAS+ mm; None where refused.
        split_by: what told it from the other stacks of its series, e.g. ``(("te", 2.46),)``.
        refusal: why it is no volume.
    """

    frames: tuple[Frame, ...]
    affine: FloatArray | None = None
    split_by: tuple[tuple[str, float | str], ...] = ()
    refusal: RefusedInput | None = None

    @property
    def grid(self) -> Grid | None:
        """The grid of (column, row, slice) voxels, None where refused."""
        rows, columns = self.frames[0].shape
        return None if self.affine is None else Grid((columns, rows, len(self.frames)), self.affine)


def stacks_of(frames: Sequence[Frame]) -> list[Stack]:
    """The volumes among located images of one orientation and role, one at least."""
    return [replace(checked(part), split_by=keys) for part, keys in _split(list(frames))]


def without_copies(frames: Sequence[Frame]) -> list[Frame]:
    """The frames without those that are there twice: the same instance, frame number, place, facts and picture.

    Two pictures under one SOPInstanceUID are both kept, to be refused as duplicates: which of them is right is not for us to say.
    """
    distinct: dict[tuple[object, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        place = (frame.place.position, frame.place.row_direction)
        same = distinct[frame.keys.sop_uid or frame.file, frame.index, place, frame.splitters, frame.facts.image_type]
        if not any(_same_picture(frame, other) for other in same):
            same.append(frame)
    return [frame for same in distinct.values() for frame in same]


def _same_picture(a: Frame, b: Frame) -> bool:
    try:
        (first,), (second,) = decoded(a.file, [a.index], a.shape), decoded(b.file, [b.index], b.shape)
    except GradeError:
        return True  # loading will say what is wrong with it
    return bool(np.array_equal(first, second))


def orientations(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames by orientation, image size and pixel spacing, in order of first appearance."""
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if _alike(frame, group[0]):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _alike(a: Frame, b: Frame) -> bool:
    """Plain Python: a series of rotating views compares each image with hundreds of others."""
    return (
        a.shape == b.shape
        and _near(a.place.row_direction, b.place.row_direction, _SAME_DIRECTION)
        and _near(a.place.column_direction, b.place.column_direction, _SAME_DIRECTION)
        and _near(a.place.spacing_mm, b.place.spacing_mm, _SAME_SPACING_MM)
    )


def _near(a: tuple[float, ...] | None, b: tuple[float, ...] | None, tolerance: float) -> bool:
    return a is not None and b is not None and all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))


def partition(frames: Sequence[Frame], key: Callable[[Frame], float | str]) -> dict[float | str, list[Frame]]:
    """Frames by key, in the key's order."""
    parts: dict[float | str, list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[key(frame)].append(frame)
    return dict(sorted(parts.items(), key=lambda part: (isinstance(part[0], str), part[0])))


def _depths(frames: Sequence[Frame]) -> FloatArray:
    """Millimetres along the normal."""
    return np.array([f.place.position for f in frames], dtype=np.float64) @ frames[0].normal


def _most_at_one_place(frames: Sequence[Frame]) -> int:
    return max(Counter(np.round(_depths(frames) / _SAME_POSITION_MM).astype(np.int64).tolist()).values())


def _split(frames: list[Frame]) -> list[tuple[list[Frame], tuple[tuple[str, float | str], ...]]]:
    """Parts without repeated positions, as far as a tag separates them; a single position is left whole, it cannot be a volume."""
    parts: list[tuple[list[Frame], tuple[tuple[str, float | str], ...]]] = [(frames, ())]
    if np.ptp(_depths(frames)) < _SAME_POSITION_MM:
        return parts
    for name in SPLITTERS:
        finer = []
        for part, keys in parts:
            pieces = partition(part, lambda frame: _value(frame, name))  # noqa: B023 - used at once
            crowded = _most_at_one_place(part)
            helps = crowded > 1 and len(pieces) > 1 and max(map(_most_at_one_place, pieces.values())) < crowded
            finer += [(piece, (*keys, (name, value))) for value, piece in pieces.items()] if helps else [(part, keys)]
        parts = finer
    return parts


def _value(frame: Frame, name: str) -> float | str:
    value = dict(frame.splitters).get(name, -1.0)
    return round(value, 2) if isinstance(value, float) else value


def checked(frames: Sequence[Frame]) -> Stack:
    """The frames in slice order with their affine, or refused."""
    depths = _depths(frames)
    order = np.argsort(depths, kind="stable")
    ordered = tuple(frames[i] for i in order)
    try:
        return Stack(ordered, affine=_affine(ordered, depths[order]))
    except RefusedInput as refusal:
        return Stack(ordered, refusal=refusal)


_checked = checked  # its former name, by which the shared case of rounded positions calls it


def _affine(frames: tuple[Frame, ...], depths: FloatArray) -> FloatArray:
    """Voxel (column, row, slice) to RAS+, from all positions; PS3.3 C.7.6.2.1.1.

    Raises:
        RefusedInput: `single_slice`, `not_a_volume`, `duplicate_slices`, `gantry_tilt`, `uneven_slices`.
    """
    if len(frames) == 1:
        raise RefusedInput(Reason.SINGLE_SLICE, "one image only")
    first = frames[0]
    positions = np.array([f.place.position for f in frames], dtype=np.float64)
    gaps = np.diff(depths)
    if depths[-1] - depths[0] < _SAME_POSITION_MM:
        raise RefusedInput(Reason.NOT_A_VOLUME, f"{len(frames)} images at one position")
    if gaps.min() < _SAME_POSITION_MM:
        repeated = int((gaps < _SAME_POSITION_MM).sum())
        raise RefusedInput(Reason.DUPLICATE_SLICES, f"{repeated} images repeat a position, and no tag tells them apart")
    step = (positions[-1] - positions[0]) / (len(frames) - 1)
    rounding = _rounding_of(frames)
    step = _upright(step, first.normal, len(frames), rounding)
    _check_gaps(gaps, rounding)
    _check_line(positions, step, first, rounding)
    row_mm, column_mm = first.place.spacing_mm or (np.nan, np.nan)
    affine = np.eye(4)
    affine[:3, 0] = _unit(first.place.row_direction) * column_mm
    affine[:3, 1] = _unit(first.place.column_direction) * row_mm
    affine[:3, 2] = step
    affine[:3, 3] = positions[0]
    return affine_from_lps(affine)


def _unit(direction: tuple[float, ...] | None) -> FloatArray:
    vector = np.asarray(direction, dtype=np.float64)
    return np.asarray(vector / np.linalg.norm(vector))


@dataclass(frozen=True)
class _Rounding:
    """How far off a position (mm) and the normal (rad) may be because the header's numbers have few decimals."""

    position_mm: float
    normal_rad: float


def _rounding_of(frames: tuple[Frame, ...]) -> _Rounding:
    positions = [value for frame in frames for value in frame.place.position or ()]
    directions = [*(frames[0].place.row_direction or ()), *(frames[0].place.column_direction or ())]
    # half a unit of the last decimal along each of three axes
    return _Rounding(0.5 * _last_decimal(positions) * 3**0.5, 0.5 * _last_decimal(directions) * 6**0.5)


def _last_decimal(values: Sequence[float]) -> float:
    """The coarsest power of ten that all values are whole multiples of; 0 for more than four decimals, or no fraction at all."""
    for decimals in (1, 2, 3, 4):
        unit = 10.0**-decimals
        if all(abs(value / unit - round(value / unit)) < 1e-3 for value in values):
            return 0.0 if all(abs(value - round(value)) < 1e-6 for value in values) else unit
    return 0.0


def _upright(step: FloatArray, normal: FloatArray, count: int, rounding: _Rounding) -> FloatArray:
    """The step between slices; along the normal where rounded positions and directions make it lean."""
    upright = (step @ normal) * normal
    lean = step - upright
    angle = float(np.degrees(np.arctan2(np.linalg.norm(lean), step @ normal)))
    if angle <= TILT_TOLERANCE_DEG:
        return step
    length = float(step @ normal) * (count - 1)
    if np.linalg.norm(lean) * (count - 1) > max(TILT_TOLERANCE_MM, 2 * rounding.position_mm + rounding.normal_rad * length):
        raise RefusedInput(Reason.GANTRY_TILT, f"slices are tilted by {angle:.1f} degrees against the stack")
    return np.asarray(upright)


def _check_gaps(gaps: FloatArray, rounding: _Rounding) -> None:
    usual = float(np.median(gaps))
    off = np.abs(gaps - usual)
    worst = int(off.argmax())
    # both ends of two gaps are rounded; a missing slice is off by a whole gap, which must stay far beyond
    rounded = min(4 * rounding.position_mm, 0.3 * usual)
    if off[worst] > max(GAP_TOLERANCE_MM, GAP_TOLERANCE_SHARE * usual, rounded):
        raise RefusedInput(
            Reason.UNEVEN_SLICES,
            f"gap {gaps[worst]:.2f} mm between slices {worst + 1} and {worst + 2} of {len(gaps) + 1}, {usual:.2f} mm elsewhere",
        )


def _check_line(positions: FloatArray, step: FloatArray, frame: Frame, rounding: _Rounding) -> None:
    """Each slice lies where an even stack has it: small gap errors of one sign add up, and a shift sideways is another field of view."""
    expected = positions[0] + np.arange(len(positions))[:, None] * step
    aside = positions - expected
    along = aside @ frame.normal
    drift = float(np.abs(along).max())
    if drift > max(GAP_TOLERANCE_MM, DRIFT_TOLERANCE_SHARE * float(np.linalg.norm(step)), 2 * rounding.position_mm):
        raise RefusedInput(Reason.UNEVEN_SLICES, f"gaps differ little but add up: a slice lies {drift:.2f} mm from its even place")
    aside -= np.outer(along, frame.normal)
    worst = float(np.linalg.norm(aside, axis=1).max())
    length = float(np.linalg.norm(positions[-1] - positions[0]))
    if worst > max(GAP_TOLERANCE_MM, 2 * rounding.position_mm + rounding.normal_rad * length, 0.5 * min(frame.place.spacing_mm or (1.0,))):
        raise RefusedInput(Reason.NOT_A_VOLUME, f"slices are shifted sideways by up to {worst:.1f} mm")
