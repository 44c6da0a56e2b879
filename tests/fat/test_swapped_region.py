"""Exchanged regions in pictures of patches, along any axis; muscles in fat, and fat in muscles, are none."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.fat.swapped_region import swapped_region
from tests.fat.patches import SPACING, patches, turned_ball

SWAP = load_settings().fat.swap
SHAPE = (60, 50, 34)


def found(polarity: np.ndarray, order: tuple[int, ...] = (0, 1, 2)) -> np.ndarray:
    """What is found when the axes are given in another order, in the order of the picture."""
    x, y, z = (SPACING[axis] for axis in order)
    region = swapped_region(np.transpose(polarity, order), (x, y, z), SWAP)
    return np.transpose(region, np.argsort(order))


@pytest.mark.long
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 1, 0)])
@pytest.mark.parametrize(("centre", "radius"), [((120, 100, 100), 40), ((150, 90, 110), 55), ((60, 60, 80), 45)])
def test_an_exchanged_ball_is_found_whole_and_little_else(
    order: tuple[int, ...], centre: tuple[float, float, float], radius: float
) -> None:
    picture, ball = turned_ball(patches(SHAPE, 7), centre, radius)
    region = found(picture, order)
    assert region[ball].mean() > 0.995
    away = turned_ball(picture, centre, radius + 3 * SWAP.region_margin_mm)[1]
    assert not region[~away].any()


@pytest.mark.long
@pytest.mark.parametrize("size", [1.5, 2.0, 2.5, 3.0, 4.0])
@pytest.mark.parametrize("seed", [100, 200, 208])
def test_a_sound_picture_has_none(seed: int, size: float) -> None:
    assert not found(patches(SHAPE, seed, size)).any()


def test_two_exchanged_balls_are_both_found() -> None:
    picture, one = turned_ball(patches((90, 50, 34), 12), (80, 100, 100), 40)
    picture, other = turned_ball(picture, (270, 100, 100), 45)
    region = found(picture)
    assert region[one].mean() > 0.995
    assert region[other].mean() > 0.995


def test_what_is_exchanged_throughout_has_the_same_region() -> None:
    picture, _ = turned_ball(patches(SHAPE, 9), (120, 100, 100), 45)
    assert (found(-picture) == found(picture)).all()


@pytest.mark.parametrize("sign", [-1, 1])
def test_one_tissue_within_the_other_is_none(sign: int) -> None:
    picture, _ = turned_ball(np.full(SHAPE, sign * 0.85), (120, 100, 100), 45)
    assert not found(picture).any()


def test_nothing_in_view() -> None:
    assert not found(np.full(SHAPE, np.nan)).any()
    assert not found(patches((3, 2, 2), 1)).any()
