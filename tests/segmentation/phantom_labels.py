"""Whole-muscle labels of the phantom's glutei, without its fat and its other structures: quick enough for every test."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.imaging.coverage import Coverage, Key, views_of
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, Muscle, Part, Region, Side, label_value
from gluteal_grade_lab.phantom.body import Body, BodyParameters, build_body, label_table
from gluteal_grade_lab.phantom.grids import axial_grid

LOW, HIGH = (-200.0, -165.0, -140.0), (200.0, 70.0, 148.0)
GRID = axial_grid(LOW, HIGH, (3.0, 3.0, 4.0))
WHOLE_VIEWS: dict[Key, Coverage] = {(m, s): Coverage(1.0, ()) for m in GLUTEI for s in Side}


def body() -> Body:
    return build_body(BodyParameters("M", seed=11))


def sampled(grid: Grid) -> Volume:
    """Labels of both sides at the grid's voxel centres; minimus with the phantom's own regions."""
    found = np.zeros(grid.shape, np.uint8)
    table = label_table()
    hips = body().hips
    for k in range(grid.shape[2]):
        ijk = np.stack(np.meshgrid(np.arange(grid.shape[0]), np.arange(grid.shape[1]), [k], indexing="ij"), axis=-1).reshape(-1, 3)
        lat, ant, sup, right = body().canonical(grid.to_world(ijk))
        ids = np.zeros(lat.shape, np.uint8)
        for side, mine in ((Side.RIGHT, right), (Side.LEFT, ~right)):
            bare = hips[side].bones_at(lat[mine], ant[mine], sup[mine]) == 0
            ids[mine] = np.where(bare, hips[side].glutei_at(lat[mine], ant[mine], sup[mine]), 0)
        found[:, :, k] = table[right.astype(np.intp), ids].reshape(grid.shape[:2])
    return Volume(found, grid.affine)


@lru_cache(maxsize=1)
def with_regions() -> Volume:
    return sampled(GRID)


def whole(labels: Volume | None = None) -> Volume:
    """Regions taken away."""
    labels = labels or with_regions()
    return labels.with_array(labels.array // 10 * 10)


def picture(labels: Volume) -> Volume:
    """An image that fills the grid of the labels."""
    i, j, k = np.ogrid[: labels.shape[0], : labels.shape[1], : labels.shape[2]]
    return labels.with_array(((i + 2 * j + 3 * k) % 7).astype(np.float32))


def views(labels: Volume) -> dict[Key, Coverage]:
    return views_of(labels, picture(labels), 20.0)


def values(muscle: Muscle, side: Side) -> list[int]:
    return [v for v, part in LABEL_VALUES.items() if (part.muscle, part.side) == (muscle, side)]


def of(muscle: Muscle, region: Region, side: Side) -> int:
    return label_value(Part(muscle, region, side))


def dice(a: np.ndarray, b: np.ndarray, among: list[int]) -> float:
    """The worst of several values' Dice."""
    return min(2 * np.sum((a == v) & (b == v)) / max(1, np.sum(a == v) + np.sum(b == v)) for v in among)
