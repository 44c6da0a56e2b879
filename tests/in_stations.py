"""The toy pelvis examined in two stations: water and fat of each, exact also where the upper lies half a slice off the lower's slices."""

from __future__ import annotations

from functools import cache

import numpy as np

from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import Toy, dixon, make_toy, series

SLICES = 30  # of 5 mm
WATER, FAT = SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT


@cache
def fine() -> tuple[Toy, np.ndarray, np.ndarray]:
    """The toy in slices of half the thickness, its water and its fat."""
    toy = make_toy(shape=(144, 104, 2 * SLICES), spacing=(2.5, 2.5, 2.5))
    return toy, *dixon(toy)


def slab(first: float, count: int, array: np.ndarray, toy: Toy, *, gain: float = 1.0, offset: float = 0.0) -> Volume:
    """Slices of 5 mm from a (half) slice on."""
    start = round(2 * first)
    pairs = array[:, :, start : start + 2 * count]
    affine = toy.grid.affine.copy()
    affine[:, 2] *= 2
    affine[:3, 3] = toy.grid.to_world([0, 0, start + 0.5])
    return Volume(np.asarray(gain * pairs.reshape(*pairs.shape[:2], count, 2).mean(axis=3) + offset, np.float32), affine)


def station(
    name: str,
    first: float,
    count: int,
    *,
    gain: float = 1.0,
    offset: float = 0.0,
    kinds: tuple[SeriesKind, ...] = (WATER, FAT),
    **facts: object,
) -> list[Series]:
    """Water and fat, or one of them, of some slices of the toy."""
    toy, water, fat = fine()
    found = []
    for kind in kinds:
        volume = slab(first, count, water if kind is WATER else fat, toy, gain=gain, offset=offset)
        found.append(series(f"{name}.{kind.removeprefix('dixon_')}", kind, volume, **{"frame_of_reference": "1.2"} | facts))
    return found


def whole() -> list[Series]:
    """Water and fat in one piece."""
    return station("whole", 0, SLICES)


def coarse_labels() -> Volume:
    """On the grid of `whole`: of two fine slices the lower one's labels."""
    toy = fine()[0]
    at = slab(0, SLICES, toy.labels.array, toy)
    return Volume(np.ascontiguousarray(toy.labels.array[:, :, ::2]), at.affine)
