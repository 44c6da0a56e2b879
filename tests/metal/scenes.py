"""Toy pelves with something at the right hip."""

from __future__ import annotations

from functools import cache

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Volume
from gluteal_grade.metal._joint import joint_mm
from gluteal_grade.vocabulary import Side
from tests.synthetic import Toy, dixon, make_toy, t1

SETTINGS = load_settings().metal


@cache
def toy() -> Toy:
    return make_toy(0.2, shape=(112, 80, 30), spacing=(3.2, 3.2, 5.0))


def joint(side: Side = Side.RIGHT) -> np.ndarray:
    """Where an implant's head would be."""
    found = joint_mm(toy().labels, side, SETTINGS.place)
    assert found is not None
    return found


def away(point: np.ndarray) -> np.ndarray:
    """Distance of every voxel of the toy to a point, mm."""
    world = toy().grid.to_world(np.moveaxis(np.indices(toy().grid.shape), 0, -1))
    return np.linalg.norm(world - point, axis=-1)


def along_stem() -> np.ndarray:
    """Distance of every voxel to the stem's line, mm."""
    from gluteal_grade.metal._joint import distance_mm

    return distance_mm(toy().grid, joint(), Side.RIGHT, SETTINGS.place)


@cache
def _clean() -> np.ndarray:
    return t1(toy(), snr=30)


@cache
def _clean_dixon() -> tuple[np.ndarray, np.ndarray]:
    return dixon(toy(), snr=40)


def t1_image() -> np.ndarray:
    return _clean().copy()


def dixon_images() -> tuple[np.ndarray, np.ndarray]:
    water, fat = _clean_dixon()
    return water.copy(), fat.copy()


def with_metal(image: np.ndarray, radius_mm: float = 20.0, rim: float = 3.0, where: np.ndarray | None = None) -> np.ndarray:
    """A void about the joint (or elsewhere); on one half of its rim signal `rim` times as bright as fat (0: none)."""
    d = away(joint() if where is None else where)
    image = image.copy()
    noise = np.abs(np.random.default_rng(3).normal(0, 8, image.shape))
    if rim:
        half = np.arange(image.shape[1])[None, :, None] > 40
        image[(d >= radius_mm) & (d < radius_mm + 7) & half] = rim * 1000
    image[d < radius_mm] = noise[d < radius_mm]
    return image


def volume(array: np.ndarray) -> Volume:
    return toy().volume(array)
