"""A phantom examined whole or in two stations, as whole-body protocols do it: each part of the body on its own grid, at its own brightness.

One noise-free study in voxels of half the size is sampled; every examination is means over its voxels, with noise of its own. So a
station may lie half a voxel off another and still be exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.geometry import Array, Grid, Volume
from gluteal_grade_lab.phantom.degrade import rician
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, SeriesImage, make_study

_MUSCLE = 200.0  # grey levels of lean muscle


@dataclass(frozen=True)
class Cut:
    """How an examination is cut in two along the body.

    Attributes:
        overlap: share of a station that the other shows too; negative: a gap.
        shift: of the upper station against the voxels of the lower along each axis, in voxels: 0 or 0.5.
        gain: of the upper station.
        offset: added to all values of the upper station, share of lean muscle.
    """

    overlap: float = 0.1
    shift: tuple[float, float, float] = (0.5, 0.5, 0.5)
    gain: float = 1.3
    offset: float = 0.0


def make_fine(spec: PhantomStudySpec) -> PhantomStudy:
    """The study in voxels of half the size, without noise, its labels and truth on them.

    Raises:
        ValueError: as `make_study`.
    """
    affine = spec.grid.affine @ np.diag([0.5, 0.5, 0.5, 1.0])
    affine[:3, 3] = spec.grid.to_world([-0.25, -0.25, -0.25])
    i, j, k = spec.grid.shape
    series = tuple(replace(s, snr=0.0, counts_per_sigma=_MUSCLE / 100) for s in spec.series)  # lean muscle is a hundred times this
    return make_study(replace(spec, grid=Grid((2 * i, 2 * j, 2 * k), affine), series=series, supersample=(1, 1, 1)))


def examined_whole(fine: PhantomStudy, snr: float, seed: int) -> PhantomStudy:
    """In one piece; labels too.

    Args:
        fine: of `make_fine`.
        snr: of lean muscle.
        seed: of the noise.
    """
    whole = _whole_grid(fine)
    images = [_image(image, whole, snr, seed * 100 + n) for n, image in enumerate(fine.images)]
    return replace(fine, images=tuple(images), labels=labels_on(fine, whole))


def examined_in_stations(fine: PhantomStudy, cut: Cut, snr: float, seed: int) -> PhantomStudy:
    """In two stations, every series taken twice: `st1_NAME` below, `st2_NAME` above. Labels are those on the voxels of the lower.

    Args:
        fine: of `make_fine`.
        cut: how.
        snr: of lean muscle, in either station.
        seed: of the noise.
    """
    images = []
    for number, grid in enumerate(station_grids(_whole_grid(fine), cut)):
        for n, image in enumerate(fine.images):
            taken = _image(image, grid, snr, seed * 100 + 10 * (number + 1) + n)
            values = taken.volume.array.astype(np.float64)
            brighter = values * cut.gain + cut.offset * _MUSCLE if number else values
            volume = taken.volume.with_array(np.clip(np.rint(brighter), 0, 65535).astype(np.uint16))
            images.append(SeriesImage(replace(taken.spec, name=f"st{number + 1}_{taken.spec.name}"), volume))
    return replace(fine, images=tuple(images), labels=labels_on(fine, stitched_grid(_whole_grid(fine), cut)))


def station_grids(whole: Grid, cut: Cut) -> tuple[Grid, Grid]:
    """The lower and the upper station along the third axis, of one length."""
    x, y, slices = whole.shape
    length = round(slices / (2 - cut.overlap))
    i, j, k = (int(share > 0) for share in cut.shift)  # a shifted station is a voxel smaller
    affine = whole.affine.copy()
    affine[:3, 3] = whole.to_world([cut.shift[0], cut.shift[1], slices - length + cut.shift[2]])
    return Grid((x, y, length), whole.affine), Grid((x - i, y - j, length - k), affine)


def stitched_grid(whole: Grid, cut: Cut) -> Grid:
    """The voxels of the lower station as far as the upper reaches."""
    x, y, slices = whole.shape
    return Grid((x, y, slices - int(cut.shift[2] > 0)), whole.affine)


def labels_on(fine: PhantomStudy, grid: Grid) -> Volume:
    """Labels on voxels of twice the size: of the eight that make one, the first's."""
    i, j, k = grid.shape
    return Volume(np.ascontiguousarray(fine.labels.array[: 2 * i : 2, : 2 * j : 2, : 2 * k : 2]), grid.affine)


def _whole_grid(fine: PhantomStudy) -> Grid:
    i, j, k = (n // 2 for n in fine.labels.shape)
    affine = fine.labels.affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = fine.labels.grid.to_world([0.5, 0.5, 0.5])
    return Grid((i, j, k), affine)


def _image(image: SeriesImage, grid: Grid, snr: float, seed: int) -> SeriesImage:
    clean = _means(image.volume, grid)
    noisy = rician(clean, _MUSCLE / snr, np.random.default_rng([0x57A7, seed]))
    return SeriesImage(image.spec, Volume(np.clip(np.rint(noisy), 0, 65535).astype(np.uint16), grid.affine))


def _means(volume: Volume, grid: Grid) -> Array:
    """Over the eight voxels that make one of `grid`."""
    first = np.rint(volume.grid.to_voxel(grid.affine[:3, 3]) - 0.5).astype(int)
    cut = volume.array[tuple(slice(a, a + 2 * n) for a, n in zip(first, grid.shape, strict=True))].astype(np.float32)
    i, j, k = grid.shape
    return np.asarray(cut.reshape(i, 2, j, 2, k, 2).mean(axis=(1, 3, 5)))
