"""A part of a muscle that does not look like the rest of it: thick, compact, of one kind, with an edge. A tumour is one; a note, never a
diagnosis.

On T1 a mass lies between fat and muscle and would be read as evenly infiltrated muscle; on Dixon one in a fatty muscle reads as lean.
Infiltration differs: streaks vary on a scale of millimetres and a fatty end of a muscle changes over centimetres, without an edge. So
each level of fat cuts the smoothed map, and a piece counts that a ball fits into, whose values step at its edge against what lies beside
it in the same muscle, by more than either side varies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.config import FocalSettings
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Box, Key, Mask, muscles_of
from gluteal_grade.measurement.behind import OF_WATER_AND_FAT
from gluteal_grade.measurement.sides import SideFats
from gluteal_grade.vocabulary import Method

_METHODS = OF_WATER_AND_FAT | {Method.T1}
_LEVELS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)  # of fat, at which the map is cut
_CELL_MM, _SMOOTH_MM = 4.0, 4.0
_OPEN_SHARE = 0.8  # of the least radius: what is thinner does not join pieces
_INSIDE_MM, _OUTSIDE_MM = 8.0, 10.0  # of the edge, what is compared on either side of it
_PAD = 2  # cells
_EVERY = np.ones((3, 3, 3), bool)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Focal:
    """One such part.

    Attributes:
        mask: its voxels, in the muscle's box.
        ml: volume.
        across_mm: diameter of the largest ball in it.
        fat: fat fraction deep in it, median; `around`: that of the rest of the muscle.
        contrast: step at its edge over the SD beside it.
    """

    mask: Mask
    ml: float
    across_mm: float
    fat: float
    around: float
    contrast: float

    @property
    def words(self) -> str:
        """For people, without patient data."""
        return (
            f"a part of {self.ml:.0f} ml, {self.across_mm:.0f} mm across where it is thickest, differs from the rest of the muscle "
            f"(it reads as {self.fat:.0%} fat, the rest as {self.around:.0%})"
        )


def find_focal(labels: Volume, fats: SideFats, slice_axis: int, settings: FocalSettings) -> dict[Key, tuple[Focal, Box]]:
    """The most distinct such part of each muscle that has one; none beside metal, which makes parts of its own, and none on CT, T2 and PD.

    Args:
        labels: the glutei, our own values.
        fats: fat of each side on the same grid.
        slice_axis: array axis across the slices.
        settings: from where on.

    Returns:
        by muscle and side, with the box that the muscle lies in.
    """
    found = {}
    for (muscle, side), (mask, box) in muscles_of(labels).items():
        one = fats.sides[side]
        if one.metal.present or one.fat.method not in _METHODS or one.fat.folded:
            continue
        focal = focal_part(mask, one.fat.volume.array[box], labels.grid.spacing_mm, slice_axis, settings)
        if focal is not None:
            found[muscle, side] = focal, box
    return found


def focal_part(
    mask: Mask, fat: npt.NDArray[np.floating], spacing_mm: tuple[float, float, float], slice_axis: int, settings: FocalSettings
) -> Focal | None:
    """Of one muscle, in its box; `fat` is NaN where there is none."""
    cells = _Cells.of(mask, fat, spacing_mm, slice_axis)
    best = max(cells.parts(settings), key=lambda part: part.contrast * part.radius_mm, default=None)
    if best is None:
        return None
    return Focal(cells.voxels(best.cells) & mask, best.ml, 2 * best.radius_mm, best.fat, best.around, best.contrast)


def left_out(found: Mapping[Key, tuple[Focal, Box]], shape: tuple[int, ...]) -> Mask:
    """All their voxels in the whole map."""
    where = np.zeros(shape, bool)
    for focal, box in found.values():
        where[box] |= focal.mask
    return where


@dataclass(frozen=True)
class _Part:
    cells: Mask
    ml: float
    radius_mm: float
    fat: float
    around: float
    contrast: float


@dataclass(frozen=True, eq=False)
class _Cells:
    """A muscle in cells of some 4 mm, without its outermost voxels in the plane.

    Attributes:
        there: cells with values.
        fat: their means, 0 elsewhere.
        spacing_mm: of the cells.
        steps: voxels in a cell along each axis.
        shape: of the voxels.
    """

    there: Mask
    fat: Floats
    spacing_mm: tuple[float, ...]
    steps: tuple[int, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, mask: Mask, fat: npt.NDArray[np.floating], spacing_mm: tuple[float, float, float], slice_axis: int) -> _Cells:
        """Means of the voxels that have a value."""
        steps = tuple(max(1, round(_CELL_MM / s)) for s in spacing_mm)
        flat = np.ones([1 if axis == slice_axis else 3 for axis in range(3)], bool)
        known = ndimage.binary_erosion(mask, flat) & np.isfinite(fat)
        count, total = (_summed(np.asarray(a, np.float32), steps) for a in (known, np.where(known, fat, 0)))
        there = count >= 0.5 * np.prod(steps)
        means = np.where(there, total / np.maximum(count, 1), 0).astype(np.float32)
        spacing = tuple(n * s for n, s in zip(steps, spacing_mm, strict=True))
        return cls(np.pad(there, _PAD), np.pad(means, _PAD), spacing, steps, mask.shape)

    @property
    def ml(self) -> float:
        """Volume of a cell."""
        return float(np.prod(self.spacing_mm)) / 1000

    def voxels(self, cells: Mask) -> Mask:
        """The voxels of these cells."""
        inner = cells[tuple(slice(_PAD, -_PAD) for _ in range(3))]
        for axis, n in enumerate(self.steps):
            inner = np.repeat(inner, n, axis=axis)
        return np.asarray(inner[tuple(slice(n) for n in self.shape)])

    def parts(self, settings: FocalSettings) -> Iterator[_Part]:
        """Every piece that passes."""
        if not self.there.any():
            return
        smooth = self._smooth()
        low, high = np.percentile(smooth[self.there], [3, 97])
        if high - low < settings.min_difference:
            return
        for level in (level for level in _LEVELS if low < level < high):
            for sign in (1.0, -1.0):
                yield from self._cut(self.there & (sign * (smooth - level) > 0), sign, settings)

    def _cut(self, chosen: Mask, sign: float, settings: FocalSettings) -> Iterator[_Part]:
        apart_mm = _OPEN_SHARE * settings.min_radius_mm
        depth = self._depth(chosen)
        numbers, count = ndimage.label(depth > apart_mm, _EVERY)
        for n in range(1, count + 1):
            if depth[numbers == n].max() < settings.min_radius_mm:
                continue
            piece = chosen & (self._depth(numbers != n) <= apart_mm + 1)
            radius_mm, ml = float(depth[piece].max()), float(piece.sum()) * self.ml
            if ml > settings.max_balls * 4 / 3 * np.pi * radius_mm**3 / 1000:
                continue
            rest = self.there & ~piece
            if rest.sum() < settings.min_rest * self.there.sum():
                continue
            inner = piece & (self._depth(~rest) <= _INSIDE_MM)
            beyond = self._depth(~piece)
            outer = rest & (beyond <= _OUTSIDE_MM) & (beyond > min(self.spacing_mm))
            if min(inner.sum(), outer.sum()) * self.ml < settings.min_edge_ml:
                continue
            fat, around = float(np.median(self.fat[piece & (depth > radius_mm / 2)])), float(self.fat[rest].mean())
            step = sign * float(self.fat[inner].mean() - self.fat[outer].mean())
            contrast = step / float(np.hypot(self.fat[piece].std(), self.fat[outer].std()) + 1e-6)
            distinct = abs(fat - around) >= settings.min_difference and step >= settings.min_step and contrast >= settings.min_contrast
            distinct = distinct and contrast * radius_mm >= settings.min_strength_mm
            if distinct and fat <= settings.max_fat:
                yield _Part(piece, ml, radius_mm, fat, around, contrast)

    def _depth(self, mask: Mask) -> Floats:
        return np.asarray(ndimage.distance_transform_edt(mask, sampling=self.spacing_mm), np.float32)

    def _smooth(self) -> Floats:
        sds = [_SMOOTH_MM / s for s in self.spacing_mm]
        weight = ndimage.gaussian_filter(self.there.astype(np.float32), sds)
        return np.asarray(ndimage.gaussian_filter(self.fat, sds) / np.maximum(weight, 1e-3), np.float32)


def _summed(array: Floats, steps: tuple[int, ...]) -> Floats:
    padded = np.pad(array, [(0, -n % step) for n, step in zip(array.shape, steps, strict=True)])
    for axis, step in enumerate(steps):
        padded = np.add.reduceat(padded, np.arange(0, padded.shape[axis], step), axis=axis)
    return padded
