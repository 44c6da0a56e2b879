"""Volumes in patient space: the only place that touches affines.

World coordinates are RAS+ millimetres (x grows to the patient's right, y to anterior, z to superior), as in NIfTI; DICOM's LPS
is converted on reading. Voxel indices (i, j, k) address voxel centres. A `Volume` may be held in any axis order; readers hand out RAS+ ones
(`Volume.to_ras`), whose array axes run closest to right, anterior and superior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation
from scipy.ndimage import affine_transform

from gluteal_grade.errors import Reason, RefusedInput

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.floating[Any]]

# a turn of some 1e-6 radians about no axis in particular: too small to matter, enough to decide a tie
_TIE_BREAK = np.eye(4)
_TIE_BREAK[:3, :3] += 1e-6 * np.array([[0, -1.0, 0.7], [1.0, 0, -0.4], [-0.7, 0.4, 0]])
_MAX_SHEAR_COS = 1e-3  # axes within 0.06 degrees of a right angle: float32 headers are off by up to some 1e-5


def _check_affine(affine: FloatArray) -> None:
    if affine.shape != (4, 4) or not np.all(np.isfinite(affine)):
        raise RefusedInput(Reason.BAD_AFFINE, "the voxel-to-patient matrix is not a finite 4x4 matrix")
    if not np.allclose(affine[3], [0, 0, 0, 1]):
        raise RefusedInput(Reason.BAD_AFFINE, "the last row of the matrix is not 0 0 0 1")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if np.any(spacing < 1e-3) or np.any(spacing > 1e3):
        raise RefusedInput(Reason.BAD_AFFINE, "voxel sizes must lie between 0.001 and 1000 mm")
    directions = affine[:3, :3] / spacing
    cosines = np.abs(directions.T @ directions - np.eye(3)).max()
    if cosines > _MAX_SHEAR_COS:
        angle = float(np.degrees(np.arcsin(min(1.0, cosines))))
        raise RefusedInput(Reason.SHEARED_AFFINE, f"the axes are {angle:.2f} degrees off a right angle")


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid in patient space.

    Attributes:
        shape: voxels along each array axis.
        affine: (4, 4) float64, voxel index to RAS+ mm; axes orthogonal.

    Raises:
        RefusedInput: `bad_affine`, `sheared_affine` or `not_3d`.

    Examples:
        >>> grid = Grid((10, 20, 5), np.diag([-2.0, 1.0, 4.0, 1.0]))  # the first axis runs to the patient's left
        >>> grid.spacing_mm, grid.axis_codes, round(grid.voxel_volume_ml, 6)
        ((2.0, 1.0, 4.0), 'LAS', 0.008)
        >>> grid.to_ras().axis_codes
        'RAS'
        >>> grid.to_world([1, 2, 3]).tolist()
        [-2.0, 2.0, 12.0]
    """

    shape: tuple[int, int, int]
    affine: FloatArray

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        _check_affine(affine)
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise RefusedInput(Reason.NOT_3D, f"a volume has three axes, this has shape {tuple(self.shape)}")
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along each array axis, mm."""
        a, b, c = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(a), float(b), float(c)

    def direction(self, axis: int) -> FloatArray:
        """(3,) RAS+ unit vector along an array axis."""
        return np.asarray(self.affine[:3, axis] / self.spacing_mm[axis])

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel, ml."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def orientation(self) -> FloatArray:
        """(3, 2) for each array axis the world axis (0 right, 1 anterior, 2 superior) it runs closest to, and along (1) or against (-1) it.

        Axes exactly between two directions are decided by their lines in space alone, so that every axis order and flip of one grid,
        and a grid already turned, is decided alike.
        """
        return np.asarray(io_orientation(_TIE_BREAK @ self.affine))

    @property
    def axis_codes(self) -> str:
        """Closest anatomical direction of each axis, e.g. ``"RAS"``."""
        ends = (("L", "R"), ("P", "A"), ("I", "S"))
        return "".join(ends[int(axis)][int(flip > 0)] for axis, flip in self.orientation)

    def to_ras(self) -> Grid:
        """The grid that `Volume.to_ras` gives a volume on this one, without the voxels."""
        orientation = self.orientation
        i, j, k = (self.shape[int(axis)] for axis in np.argsort(orientation[:, 0]))
        return Grid((i, j, k), self.affine @ inv_ornt_aff(orientation, self.shape))

    def to_world(self, ijk: npt.ArrayLike) -> FloatArray:
        """RAS+ mm of voxel indices, shape (..., 3)."""
        points = np.asarray(ijk, dtype=np.float64)
        return points @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_voxel(self, xyz_mm: npt.ArrayLike) -> FloatArray:
        """Fractional voxel indices of RAS+ mm points, shape (..., 3)."""
        points = np.asarray(xyz_mm, dtype=np.float64)
        return np.asarray(np.linalg.solve(self.affine[:3, :3], (points - self.affine[:3, 3]).reshape(-1, 3).T).T.reshape(points.shape))

    def shifted(self, voxels: tuple[int, int, int]) -> Grid:
        """The same grid, moved by whole voxels of its own."""
        affine = self.affine.copy()
        affine[:3, 3] = self.to_world(voxels)
        return Grid(self.shape, affine)

    def corners_mm(self) -> FloatArray:
        """(8, 3) RAS+ mm of the corner voxel centres."""
        ijk = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], indexing="ij")).reshape(3, -1).T
        return self.to_world(ijk)

    def matches(self, other: Grid, tolerance_mm: float = 0.1) -> bool:
        """True if both grids have the same shape and no corner lies further apart than `tolerance_mm`."""
        return self.shape == other.shape and bool(np.linalg.norm(self.corners_mm() - other.corners_mm(), axis=1).max() <= tolerance_mm)


@dataclass(frozen=True, eq=False)
class Volume:
    """A 3-D array with its place in patient space.

    Attributes:
        array: (i, j, k) voxels.
        affine: (4, 4) voxel index to RAS+ mm.

    Raises:
        RefusedInput: `not_3d`, `bad_affine` or `sheared_affine`.
    """

    array: Array
    affine: FloatArray

    def __post_init__(self) -> None:
        if np.ndim(self.array) != 3:
            raise RefusedInput(Reason.NOT_3D, f"a volume has three axes, this has shape {np.shape(self.array)}")
        object.__setattr__(self, "affine", Grid(self.array.shape, self.affine).affine)

    @property
    def grid(self) -> Grid:
        """The grid without the voxels."""
        return Grid(self.array.shape, self.affine)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along each array axis."""
        i, j, k = self.array.shape
        return i, j, k

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along each array axis, mm."""
        return self.grid.spacing_mm

    def with_array(self, array: Array) -> Self:
        """The same grid with other voxels."""
        return type(self)(array, self.affine)

    def to_ras(self) -> Self:
        """Axes permuted and flipped to run closest to right, anterior, superior; no voxel changes value or place."""
        orientation = self.grid.orientation
        if np.array_equal(orientation, [[0, 1], [1, 1], [2, 1]]):
            return self
        return type(self)(np.ascontiguousarray(apply_orientation(self.array, orientation)), self.grid.to_ras().affine)

    def resampled(self, grid: Grid, *, labels: bool = False, fill: float = 0.0) -> Self:
        """Voxels on another grid.

        Args:
            grid: where to sample.
            labels: nearest neighbour, so that no value arises that was not there; else linear.
            fill: value outside this volume.
        """
        if self.grid.shape == grid.shape and np.allclose(self.affine, grid.affine, atol=1e-6):
            return self
        mapping = np.linalg.inv(self.affine) @ grid.affine
        source = self.array if labels else np.asarray(self.array, dtype=np.float32)
        if not labels and _is_aligned(mapping, grid.shape):
            return type(self)(_linear_aligned(source, mapping, grid.shape, fill), grid.affine)
        # "grid-constant"-like edges: half a voxel beyond the last centre still belongs to the last voxel
        sampled = affine_transform(source, mapping[:3, :3], mapping[:3, 3], grid.shape, order=0 if labels else 1, mode="nearest")
        sampled[_outside(self.shape, mapping, grid.shape)] = fill
        return type(self)(sampled, grid.affine)

    def resampled_cubic(self, grid: Grid) -> Self:
        """Voxels on a grid that runs as its own, shifted by a part of a voxel: cubic splines, within the values of this volume.

        Linear interpolation at half a voxel is a mean of two, which blurs muscle into the fat beside it. Whole voxels are copied.

        Args:
            grid: overlaps this volume everywhere but at edges; beyond its last centres the last voxel goes on.
        """
        mapping = np.linalg.inv(self.affine) @ grid.affine
        if np.allclose(mapping[:3, :3], np.eye(3), atol=1e-4) and np.allclose(mapping[:3, 3], np.rint(mapping[:3, 3]), atol=1e-2):
            return self.resampled(grid)
        source = np.asarray(self.array, np.float32)
        found = affine_transform(source, mapping[:3, :3], mapping[:3, 3], grid.shape, order=3, mode="nearest")
        return type(self)(np.clip(found, source.min(), source.max()), grid.affine)

    def cropped(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> Self:
        """Voxels `start` (inclusive) to `stop` (exclusive), in place in patient space.

        Raises:
            ValueError: the box is empty or leaves the volume.
        """
        if any(not 0 <= a < b <= n for a, b, n in zip(start, stop, self.shape, strict=True)):
            raise ValueError(f"crop {start}-{stop} does not fit in {self.shape}")
        affine = self.affine.copy()
        affine[:3, 3] = self.grid.to_world(start)
        box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        return type(self)(self.array[box], affine)

    def coarsened(self, blocks: tuple[int, int, int]) -> Self:
        """Means over blocks of voxels, float32: what to do before sampling on a coarser grid, as a thin sample of fine voxels is noise.

        Args:
            blocks: voxels per block along each axis. Where they do not divide it, the volume is widened by its own border, alike at
                both ends.
        """
        array, offset = self.array, np.eye(4)
        for axis, k in enumerate(blocks):
            if k > 1:
                short = -array.shape[axis] % k
                array = _block_means(array, axis, k, short // 2)
                offset[axis, axis], offset[axis, 3] = k, (k - 1) / 2 - short // 2
        return type(self)(np.asarray(array, np.float32), self.affine @ offset)

    def pasted(self, part: Volume) -> Self:
        """A copy of this volume with `part`, a crop of the same grid, written at its place.

        Raises:
            ValueError: `part` is not aligned with this grid, or leaves it.
        """
        start = self.grid.to_voxel(part.affine[:3, 3])
        first = np.rint(start).astype(int)
        aligned = np.allclose(part.affine[:3, :3], self.affine[:3, :3], atol=1e-4) and np.allclose(start, first, atol=1e-2)
        if not aligned or np.any(first < 0) or np.any(first + part.shape > self.shape):
            raise ValueError("the part is not a crop of this grid")
        array = self.array.copy()
        array[tuple(slice(a, a + n) for a, n in zip(first, part.shape, strict=True))] = part.array
        return self.with_array(array)

    def centroid_mm(self) -> FloatArray:
        """(3,) RAS+ mm of the mean position of the non-zero voxels; NaN where there is none."""
        indices = np.nonzero(self.array)
        if not indices[0].size:
            return np.full(3, np.nan)
        return self.grid.to_world([float(axis.mean()) for axis in indices])


def upright_grid(low_mm: npt.ArrayLike, high_mm: npt.ArrayLike, spacing_mm: float, *, multiple: int = 1, mirrored: bool = False) -> Grid:
    """An isotropic grid along the world axes, centred on a box and covering it.

    Args:
        low_mm: (3,) RAS+ corner of the box.
        high_mm: (3,) the opposite corner.
        spacing_mm: voxel size.
        multiple: each side of the grid is a multiple of this many voxels.
        mirrored: the first axis runs to the patient's left, so that a left hip lies in the array as a right one does.
    """
    low, high = np.asarray(low_mm, np.float64), np.asarray(high_mm, np.float64)
    shape = multiple * np.ceil((np.maximum(high - low, 0.0) / spacing_mm + 1) / multiple - 1e-9).astype(int)
    affine = np.diag([-spacing_mm if mirrored else spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = (low + high) / 2 - affine[:3, :3] @ ((shape - 1) / 2)
    i, j, k = shape.tolist()
    return Grid((i, j, k), affine)


def _block_means(array: Array, axis: int, k: int, before: int) -> Array:
    """Means of `k` neighbours along an axis; the first block begins `before` voxels outside, where the end values go on."""
    count = array.shape[axis]
    starts = np.arange(0, count + before, k) - before
    total = np.take(array, starts.clip(0), axis).astype(np.float32)
    for first in range(1, k):
        total += np.take(array, (starts + first).clip(0, count - 1), axis)
    total /= np.float32(k)
    return total


def _is_aligned(mapping: FloatArray, shape: tuple[int, int, int]) -> bool:
    """Whether the axes of two grids run alike (or against each other), to a thousandth of a voxel over the whole grid."""
    turned = np.abs(mapping[:3, :3]) - np.abs(np.diag(np.diag(mapping)[:3]))
    return bool((turned @ shape).max() < 1e-3)


def _linear_aligned(source: Array, mapping: FloatArray, shape: tuple[int, int, int], fill: float) -> Array:
    """Linear interpolation axis by axis: the same values as the general way, some ten times faster."""
    result, outside = source, []
    # axes that shrink go first, so that the others have less to do
    for axis in sorted(range(3), key=lambda a: shape[a] / source.shape[a]):
        last = source.shape[axis] - 1
        position = mapping[axis, axis] * np.arange(shape[axis]) + mapping[axis, 3]
        outside.append((axis, (position < -0.5 - 1e-6) | (position > last + 0.5 + 1e-6)))
        position = position.clip(0, last)
        below = np.floor(position).astype(np.intp)
        weight = (position - below).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        lower, upper = np.take(result, below, axis), np.take(result, np.minimum(below + 1, last), axis)
        upper -= lower
        upper *= weight
        lower += upper
        result = lower
    for axis, where in outside:
        np.moveaxis(result, axis, 0)[where] = fill
    return result


def _outside(source_shape: tuple[int, ...], mapping: FloatArray, shape: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
    """Which target voxels have their centre outside the source's voxels (half a voxel beyond the centres counts as inside)."""
    outside = np.zeros(shape, dtype=bool)
    i, j, k = np.ogrid[: shape[0], : shape[1], : shape[2]]
    for axis, n in enumerate(source_shape):
        m = mapping[axis]
        position = m[0] * i + m[1] * j + m[2] * k + m[3]
        outside |= (position < -0.5 - 1e-6) | (position > n - 0.5 + 1e-6)
    return outside


def affine_from_lps(affine_lps: FloatArray) -> FloatArray:
    """A voxel-to-LPS matrix (DICOM PS3.3 C.7.6.2.1.1) as voxel-to-RAS+."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(affine_lps, dtype=np.float64)
