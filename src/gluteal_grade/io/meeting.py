"""How two volumes of one examination lie to each other along the body, and the grid on which stations are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gluteal_grade.geometry import FloatArray, Grid

_TURN_DEG = 0.5
_SPACING_SHARE = 0.01  # of a voxel's size within the slices
_SLICE_RATIO = 2.0  # stations of one protocol have slices of 3 to 4.5 mm (UK Biobank); they are carried to the finest
_ASIDE_VOXELS = 1.0
_LATERAL_SHARE = 0.25  # by which a field of view may be wider than another's
_ALONG = 2  # of the axes of a RAS+ grid the one that runs with the body


@dataclass(frozen=True)
class Meeting:
    """Two grids.

    Attributes:
        overlap_mm: how far they overlap along the body; negative: the gap between them.
        share: `overlap_mm` of the shorter one's length.
        differs: in what they differ that stations share, in words; empty if nothing.
    """

    overlap_mm: float
    share: float
    differs: str


def span_mm(grid: Grid, direction: FloatArray | None = None) -> tuple[float, float]:
    """Lower and upper edge along the body (or a direction), mm, half voxels included."""
    along = grid.direction(_ALONG) if direction is None else direction
    heights = grid.corners_mm() @ along
    half = 0.5 * sum(abs(float(grid.direction(axis) @ along)) * grid.spacing_mm[axis] for axis in range(3))
    return float(heights.min()) - half, float(heights.max()) + half


def meeting(one: Grid, other: Grid) -> Meeting:
    """How two RAS+ grids meet.

    Args:
        one, other: of one patient space.
    """
    along = one.direction(_ALONG)
    (low, high), (other_low, other_high) = span_mm(one), span_mm(other, along)
    overlap = min(high, other_high) - max(low, other_low)
    return Meeting(overlap, overlap / min(high - low, other_high - other_low), _difference(one, other))


def _difference(one: Grid, other: Grid) -> str:
    cosines = [float(one.direction(axis) @ other.direction(axis)) for axis in range(3)]
    if min(cosines) < np.cos(np.radians(_TURN_DEG)):
        return "the direction of their slices"
    for axis in (0, 1):
        if abs(one.spacing_mm[axis] / other.spacing_mm[axis] - 1) > _SPACING_SHARE:
            return "the size of their voxels"
    if not 1 / _SLICE_RATIO <= one.spacing_mm[_ALONG] / other.spacing_mm[_ALONG] <= _SLICE_RATIO:
        return "the size of their voxels"
    apart = other.to_world(_middle(other)) - one.to_world(_middle(one))
    for axis in (0, 1):
        wide = (one.shape[axis], other.shape[axis])
        off = abs(float(apart @ one.direction(axis))) / one.spacing_mm[axis]
        # a field of view that is an odd number of voxels wider has its middle half a voxel aside
        if off > _ASIDE_VOXELS + 0.5 * (abs(wide[0] - wide[1]) % 2) or max(wide) > (1 + _LATERAL_SHARE) * min(wide):
            return "the place or width of their field of view across the body"
    return ""


def _middle(grid: Grid) -> FloatArray:
    return (np.array(grid.shape) - 1) / 2


def common_grid(grids: Sequence[Grid]) -> Grid:
    """The voxels of the station with the thinnest slices (of several the longest, then the first), wide and long enough for all.

    Args:
        grids: of stations that differ in nothing that they share (`Meeting.differs`).
    """
    lead = min(grids, key=lambda grid: (round(grid.spacing_mm[_ALONG], 3), -grid.shape[_ALONG]))
    boxes = np.array([_span_in(grid, lead) for grid in grids])
    first, last = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    i, j, k = (last - first + 1).tolist()
    return Grid((i, j, k), lead.shifted((int(first[0]), int(first[1]), int(first[2]))).affine)


def box_in(grid: Grid, whole: Grid) -> tuple[slice, slice, slice]:
    """The voxels of `whole` (see `common_grid`) whose centres lie within one of its stations."""
    first, last = _span_in(grid, whole)
    x, y, z = (slice(max(int(a), 0), min(int(b), n - 1) + 1) for a, b, n in zip(first, last, whole.shape, strict=True))
    return x, y, z


def _span_in(grid: Grid, whole: Grid) -> FloatArray:
    """(2, 3) first and last voxel of `whole`, or of its continuation, whose centre lies within a grid."""
    corners = whole.to_voxel(grid.corners_mm())
    low, high = corners.min(axis=0), corners.max(axis=0)
    span = np.array([np.ceil(low - 0.49), np.floor(high + 0.49)])
    # along the body only what was imaged: an end slice that is not, and thick slices reach further beyond their centres than thin ones
    half = 0.5 * grid.spacing_mm[_ALONG] / whole.spacing_mm[_ALONG] - 0.02
    span[:, _ALONG] = np.ceil(low[_ALONG] - half), np.floor(high[_ALONG] + half)
    return span


def part_of(whole: Grid, box: tuple[slice, slice, slice]) -> Grid:
    """The grid of some voxels of another."""
    i, j, k = (s.stop - s.start for s in box)
    return Grid((i, j, k), whole.shifted((box[0].start, box[1].start, box[2].start)).affine)
