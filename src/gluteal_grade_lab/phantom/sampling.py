"""The continuous phantom sampled onto a grid: what fills each voxel, by supersampling, and the truth counted on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.ndimage import generate_binary_structure, maximum_filter, minimum_filter

from gluteal_grade.geometry import Grid
from gluteal_grade_lab.phantom.body import label_table
from gluteal_grade_lab.phantom.fatfield import FatField
from gluteal_grade_lab.phantom.shapes import F32
from gluteal_grade_lab.phantom.structures import BESIDE, FIRST_MUSCLE, GLUTEAL, LAST_MUSCLE, TISSUE_OF
from gluteal_grade_lab.phantom.tissue import Tissue

Slices = tuple[slice, slice, slice]
Mask = npt.NDArray[np.bool_]

_BLOCK = (128, 128)  # voxels of a slice handled together; smaller ones spend their time between calls


@dataclass
class Tally:
    """Sums over the sub-samples of one label."""

    points: int = 0
    fat: float = 0.0
    mostly_fat: int = 0
    points_above_trochanter: int = 0


@dataclass(frozen=True, eq=False)
class Content:
    """What a grid's voxels hold.

    Attributes:
        grid: the grid.
        fractions: share of each tissue in each voxel (sums to 1); muscle fat is counted as FAT, MUSCLE is the lean rest.
        labels: uint8 (x, y, z), values of `gluteal_grade.vocabulary.anatomy.label_value`, by majority of the sub-samples: a label at all
            where most of them have one, and the most frequent of those.
        tallies: by label value, over sub-samples, wherever they lie: the continuous truth as seen at `sub_spacing_mm`.
        sub_spacing_mm: distance of the sub-samples.
    """

    grid: Grid
    fractions: dict[Tissue, F32]
    labels: npt.NDArray[np.uint8]
    tallies: dict[int, Tally] = field(repr=False)
    sub_spacing_mm: tuple[float, float, float]


def sample(fat: FatField, grid: Grid, supersample: tuple[int, int, int] = (3, 3, 3), *, beside: bool = False) -> Content:
    """Sample anatomy and fat with `supersample` points a voxel along each array axis (odd numbers leave no ties between labels).

    Args:
        fat: the body and its fat.
        grid: to sample on.
        supersample: points.
        beside: label and count the muscles beside the glutei too.

    Raises:
        ValueError: a supersampling factor is not positive.
    """
    if min(supersample) < 1:
        raise ValueError("supersampling factors start at 1")
    offsets = _offsets(grid, supersample)
    centre = _structures_at_centres(fat, grid)
    # a voxel whose whole neighbourhood is one structure holds nothing else: only its fat pattern needs sub-samples
    cross = generate_binary_structure(3, 2)
    mixed = maximum_filter(centre, footprint=cross, mode="nearest") != minimum_filter(centre, footprint=cross, mode="nearest")
    state = _State(fat, grid, offsets, beside)
    for tissue in Tissue:
        share = TISSUE_OF[centre] == tissue
        if share.any():
            state.fractions[tissue] = share.astype(np.float32)
    gluteal = np.isin(centre, [*GLUTEAL, *(BESIDE if beside else ())])
    for box in _blocks(grid.shape):
        here = mixed[box]
        if here.any():
            state.add_mixed(box, here)
        inner = gluteal[box] & ~here
        if inner.any():
            state.add_gluteal(box, inner, centre[box][inner])
        neighbour = (centre[box] >= FIRST_MUSCLE) & (centre[box] <= LAST_MUSCLE) & ~gluteal[box] & ~here
        if neighbour.any():
            state.add_neighbour(box, neighbour, centre[box][neighbour])
    fractions = state.fractions
    fractions[Tissue.FAT] = fractions.get(Tissue.FAT, np.zeros(grid.shape, dtype=np.float32)) + state.muscle_fat
    if Tissue.MUSCLE in fractions:
        fractions[Tissue.MUSCLE] -= state.muscle_fat
    a, b, c = (s / n for s, n in zip(grid.spacing_mm, supersample, strict=True))
    return Content(grid, fractions, state.labels, state.tallies, (a, b, c))


class _State:
    """The arrays being filled."""

    def __init__(self, fat: FatField, grid: Grid, offsets: F32, beside: bool) -> None:
        self.fat, self.grid, self.offsets = fat, grid, offsets
        self.fractions: dict[Tissue, F32] = {}
        self.muscle_fat = np.zeros(grid.shape, dtype=np.float32)
        self.labels = np.zeros(grid.shape, dtype=np.uint8)
        self.tallies: dict[int, Tally] = {}
        self._table = label_table(beside)

    def add_mixed(self, box: Slices, here: Mask) -> None:
        """Voxels at a border: every sub-sample finds its structure."""
        centres = _centres(self.grid, box)[here.ravel()]
        lat, ant, sup, right = _canonical(self.fat, centres, self.offsets)
        ids = self.fat.body.structures_at(lat, ant, sup, right)
        n_sub = len(self.offsets)
        tissue = TISSUE_OF[ids].reshape(-1, n_sub)
        present = set(np.unique(tissue).tolist())
        for kind in Tissue:
            if kind in present or kind in self.fractions:
                if kind not in self.fractions:
                    self.fractions[kind] = np.zeros(self.grid.shape, dtype=np.float32)
                self.fractions[kind][box][here] = (tissue == kind).mean(axis=1, dtype=np.float32) if kind in present else 0
        if Tissue.MUSCLE in present:
            ff = self.fat.fat_fraction(ids, lat, ant, sup, right)
            self.muscle_fat[box][here] = ff.reshape(-1, n_sub).mean(axis=1)
            values = self._table[right.astype(np.intp), ids]
            if values.any():
                self.labels[box][here] = _majority(values.reshape(-1, n_sub))
                self._count(values, ff, centres)

    def add_gluteal(self, box: Slices, here: Mask, ids: npt.NDArray[np.uint8]) -> None:
        """Voxels deep in a labelled muscle: one structure, sub-samples of the fat pattern."""
        centres = _centres(self.grid, box)[here.ravel()]
        lat, ant, sup, right = _canonical(self.fat, centres, self.offsets)
        n_sub = len(self.offsets)
        ids = np.repeat(ids, n_sub)
        ff = self.fat.fat_fraction(ids, lat, ant, sup, right)
        self.muscle_fat[box][here] = ff.reshape(-1, n_sub).mean(axis=1)
        values = self._table[right.astype(np.intp), ids]
        self.labels[box][here] = values[::n_sub]
        self._count(values, ff, centres)

    def add_neighbour(self, box: Slices, here: Mask, ids: npt.NDArray[np.uint8]) -> None:
        """Voxels deep in another muscle: the fat at the centre will do."""
        centres = _centres(self.grid, box)[here.ravel()]
        self.muscle_fat[box][here] = self.fat.fat_fraction(ids, *_canonical(self.fat, centres, np.zeros((1, 3), dtype=np.float32)))

    def _count(self, values: npt.NDArray[np.uint8], ff: F32, centres: F32) -> None:
        above = (centres[:, 2, None] + self.offsets[None, :, 2]).ravel() >= self.fat.body.lesser_trochanter_mm
        for value in np.unique(values[values > 0]):
            mine = values == value
            tally = self.tallies.setdefault(int(value), Tally())
            tally.points += int(np.count_nonzero(mine))
            tally.fat += float(ff[mine].sum(dtype=np.float64))
            tally.mostly_fat += int(np.count_nonzero(ff[mine] > 0.5))
            tally.points_above_trochanter += int(np.count_nonzero(mine & above))


def _structures_at_centres(fat: FatField, grid: Grid) -> npt.NDArray[np.uint8]:
    ids = np.zeros(grid.shape, dtype=np.uint8)
    for box in _blocks(grid.shape):
        lat, ant, sup, right = _canonical(fat, _centres(grid, box), np.zeros((1, 3), dtype=np.float32))
        ids[box] = fat.body.structures_at(lat, ant, sup, right).reshape(ids[box].shape)
    return ids


def _offsets(grid: Grid, supersample: tuple[int, int, int]) -> F32:
    """(n_sub, 3) mm from a voxel's centre to its sub-samples."""
    steps = [(np.arange(n) + 0.5) / n - 0.5 for n in supersample]
    ijk = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(ijk @ grid.affine[:3, :3].T, dtype=np.float32)


def _blocks(shape: tuple[int, int, int]) -> Iterator[tuple[slice, slice, slice]]:
    for k in range(shape[2]):
        for i in range(0, shape[0], _BLOCK[0]):
            for j in range(0, shape[1], _BLOCK[1]):
                yield slice(i, min(i + _BLOCK[0], shape[0])), slice(j, min(j + _BLOCK[1], shape[1])), slice(k, k + 1)


def _centres(grid: Grid, box: tuple[slice, slice, slice]) -> F32:
    ijk = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in box], indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(grid.to_world(ijk), dtype=np.float32)


def _canonical(fat: FatField, centres: F32, offsets: F32) -> tuple[F32, F32, F32, npt.NDArray[np.bool_]]:
    """Canonical coordinates of all sub-samples of some voxels."""
    displaced = fat.body.warped(centres)
    scale = np.array(fat.body.parameters.scale, dtype=np.float32)
    # the warp hardly changes within a voxel, so it is computed once a voxel
    points = (displaced[:, None, :] + offsets[None]).reshape(-1, 3) / scale
    x = points[:, 0]
    return np.abs(x), np.ascontiguousarray(points[:, 1]), np.ascontiguousarray(points[:, 2]), x > 0


def _majority(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A label for each row: none where most sub-samples have none, else the most frequent one (the smaller of two equals)."""
    present = np.unique(values[values > 0])
    counts = np.stack([np.count_nonzero(values == v, axis=1) for v in present])
    best = present[np.argmax(counts, axis=0)]
    return np.where(2 * counts.sum(axis=0) > values.shape[1], best, 0).astype(np.uint8)
