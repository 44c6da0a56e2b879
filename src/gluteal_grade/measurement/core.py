"""The fat of the muscle itself: mixing with what lies around it undone, on voxels that lie surely inside.

A voxel at a muscle's border holds some of what lies beyond it, and the more, the thicker the slice. Here the outline is taken as a shape
(signed distance in each slice, linear from slice to slice), each voxel's share inside that shape is computed, and on voxels that lie
nearly inside, the little that belongs to the surroundings is taken out with the fat fraction found there: region-based voxel-wise
correction of partial volume, as in PET (Thomas 2011, 10.1007/s00259-011-1745-9; Muller-Gartner 1992, 10.1038/jcbfm.1992.81).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.config import CoreSettings
from gluteal_grade.imaging import distance_inside

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

REACH_MM = 18.0  # how far around a muscle is looked at
_CLIP_MM = 15.0  # of signed distances
_FLAT = 0.02  # of the widest side of a cell, the least of the others
_COARSE_MM = 2.5  # the surroundings are averaged on pixels so large


@dataclass(frozen=True, eq=False)
class Core:
    """One muscle's own fat.

    Attributes:
        own: (x, y, z) fat fraction of the muscle's tissue in each sure voxel, NaN elsewhere.
        deeper: those of the sure voxels that stay sure when the outline shrinks by half a voxel.
    """

    own: Floats
    deeper: Mask

    def cropped(self, box: tuple[slice, slice, slice]) -> Core:
        """The same in a part of the box."""
        return Core(self.own[box], self.deeper[box])


def core_of(
    mask: Mask,
    fat_fraction: npt.NDArray[np.floating],
    spacing_mm: tuple[float, float, float],
    slice_axis: int,
    settings: CoreSettings,
    automatic: bool = False,
    thickness_mm: float | None = None,
) -> Core:
    """A muscle's own fat, voxel by voxel.

    Args:
        mask: (x, y, z) the whole muscle, with `REACH_MM` around it as far as the picture goes.
        fat_fraction: on the same grid, NaN where there is none.
        spacing_mm: voxel size along its axes.
        slice_axis: array axis across the slices.
        settings: how sure is sure.
        automatic: a network drew the outline: what lies near it is not sure.
        thickness_mm: of a slice where there are gaps between slices; None: slices touch.
    """
    wide = spacing_mm[slice_axis]
    filled = 1.0 if thickness_mm is None else min(1.0, max(thickness_mm / wide, 0.05))
    planes, values = np.moveaxis(mask, slice_axis, 2), np.moveaxis(fat_fraction, slice_axis, 2)
    x_mm, y_mm = (s for axis, s in enumerate(spacing_mm) if axis != slice_axis)
    inside = signed_distance(planes, (x_mm, y_mm, wide))
    share = share_inside(inside, filled)
    around = _surroundings(values, share < settings.outside_share, (x_mm, y_mm, wide), settings.surroundings_mm)
    mixed = np.where(np.isfinite(around), (values - (1 - share) * around) / np.maximum(share, 0.5), values)
    depth = settings.automatic_depth_mm if automatic else 0.0
    least = settings.automatic_share if automatic else settings.given_share
    sure = planes & np.isfinite(values) & (share >= least) & (inside >= depth) & _thick(planes)
    deeper = sure & (inside >= depth + min(x_mm, y_mm))
    own = np.where(sure, mixed, np.nan).astype(np.float32)
    return Core(np.moveaxis(own, 2, slice_axis), np.moveaxis(deeper, 2, slice_axis))


def signed_distance(planes: Mask, spacing_mm: tuple[float, float, float]) -> Floats:
    """Distance of each voxel's centre from the outline within its own slice (the last axis counts slices): positive inside, mm, at most
    15 either way. The outline runs half a voxel beyond the outermost centres."""
    flat = (spacing_mm[0], spacing_mm[1], 1e6)
    half = min(spacing_mm[:2]) / 2
    within, beyond = (distance_inside(m, flat, _CLIP_MM + half) for m in (planes, ~planes))
    return np.clip(np.where(planes, within - half, half - beyond), -_CLIP_MM, _CLIP_MM)


def share_inside(inside: Floats, filled: float = 1.0) -> Floats:
    """Share of each voxel on the inner side, 0-1.

    Above and below its middle the signed distance is taken as a plane: in-plane slopes from the neighbours, across from half the way to
    the next slice. The part of a box on one side of a plane is known exactly (a sum of three uniform distributions).

    Args:
        inside: (x, y, slices) signed distance, mm.
        filled: slice thickness over slice distance.
    """
    slopes = [np.abs(np.gradient(inside, axis=axis)) if inside.shape[axis] > 1 else np.zeros_like(inside) for axis in (0, 1)]
    total = np.zeros_like(inside)
    for step in (1, -1):
        across = _next(inside, step) - inside
        middle, rise = inside + across * (filled / 4), np.abs(across) * (filled / 2)
        near = np.abs(middle) < (slopes[0] + slopes[1] + rise) / 2
        total += 0.5 * (middle > 0)
        total[near] += 0.5 * (_above_zero(middle[near], slopes[0][near], slopes[1][near], rise[near]) - (middle[near] > 0))
    return total


def _next(inside: Floats, step: int) -> Floats:
    """Signed distance of the slice after (1) or before (-1); beyond the outermost slice, what its neighbour and it lead to."""
    if inside.shape[2] < 2:
        return inside
    ahead = inside if step > 0 else inside[:, :, ::-1]
    beyond = 2 * ahead[:, :, -1:] - ahead[:, :, -2:-1]
    moved = np.concatenate([ahead[:, :, 1:], beyond], axis=2)
    return moved if step > 0 else moved[:, :, ::-1]


def _above_zero(middle: Floats, *widths: Floats) -> Floats:
    """Probability that `middle` plus three independent uniform numbers of these widths around 0 is positive."""
    sides = np.stack(widths).astype(np.float64)
    sides = np.maximum(sides, np.maximum(_FLAT * sides.max(axis=0), 1e-9))
    reached = middle + sides.sum(axis=0) / 2
    volume = np.zeros(middle.shape)
    for corner in product((0, 1), repeat=3):
        beyond = np.maximum(reached - np.tensordot(corner, sides, 1), 0)
        volume += (-1) ** sum(corner) * beyond**3
    return np.asarray(np.clip(volume / (6 * sides.prod(axis=0)), 0, 1), np.float32)


def _surroundings(values: npt.NDArray[np.floating], outside: Mask, spacing_mm: tuple[float, float, float], sd_mm: float) -> Floats:
    """Mean of the voxels outside nearby (Gaussian weights); NaN where there is none."""
    known = outside & np.isfinite(values)
    steps = [max(1, int(_COARSE_MM // spacing)) for spacing in spacing_mm[:2]]
    counts, sums = (_binned(part.astype(np.float32), steps) for part in (known, np.where(known, values, 0)))
    sds = [sd_mm / spacing / step for spacing, step in zip(spacing_mm, (*steps, 1), strict=True)]
    weight, total = (ndimage.gaussian_filter(part, sds, truncate=3.0) for part in (counts, sums))
    mean = np.where(weight > 1e-4, total / np.maximum(weight, 1e-4), np.nan).astype(np.float32)
    fine = mean.repeat(steps[0], axis=0)[: values.shape[0]].repeat(steps[1], axis=1)[:, : values.shape[1]]
    return np.asarray(fine)


def _binned(array: Floats, steps: list[int]) -> Floats:
    """Sums over blocks of pixels; the last ones may reach beyond the picture."""
    (x, y), (rows, columns, slices) = steps, array.shape
    padded = np.pad(array, ((0, -rows % x), (0, -columns % y), (0, 0)))
    return np.asarray(padded.reshape(-(-rows // x), x, -(-columns // y), y, slices).sum(axis=(1, 3)))


def _thick(planes: Mask) -> Mask:
    """What is at least two voxels wide within its slice: of a line one voxel wide, nothing lies surely inside."""
    whole = planes[1:, 1:] & planes[:-1, 1:] & planes[1:, :-1] & planes[:-1, :-1]  # squares of two by two voxels
    found = np.zeros_like(planes)
    for x, y in product((slice(1, None), slice(None, -1)), repeat=2):
        found[x, y] |= whole
    return found
