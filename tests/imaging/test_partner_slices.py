"""Slices of one image of a pair that the other contradicts; sound pairs contradict nothing."""

import numpy as np
import pytest

from gluteal_grade.imaging.neighbours import unit_edges
from gluteal_grade.imaging.partner_slices import another_brightness, of_another_place, other_scale
from tests.synthetic import Toy, dixon, make_toy


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(0.3, shape=(60, 70, 16), spacing=(3.0, 3.0, 8.0))


def pair(toy: Toy, snr: float = 30) -> list[np.ndarray]:
    return [np.stack([np.roll(image[:, :, k], k, axis=0) for k in range(image.shape[2])], axis=2) for image in dixon(toy, snr=snr)]


def odd(toy: Toy, images: list[np.ndarray]) -> tuple[list[int], list[int]]:
    """At another scale, and of another place."""
    units = [unit_edges(toy.volume(image), 2) for image in images]
    return tuple(np.flatnonzero(m).tolist() for m in (other_scale(*images, 2), of_another_place(*units)))  # type: ignore[return-value]


@pytest.mark.parametrize("snr", [4, 8, 60])
def test_sound_pairs(toy: Toy, snr: float) -> None:
    assert odd(toy, pair(toy, snr)) == ([], [])


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("times", [2.0, 0.5])
@pytest.mark.parametrize("slices", [[5, 6, 7, 8], [0, 1], [15], [9], [2, 3, 10]])
def test_slices_at_another_scale(toy: Toy, which: int, times: float, slices: list[int]) -> None:
    images = pair(toy)
    images[which][:, :, slices] *= times
    assert odd(toy, images)[0] == slices


def test_shading_along_the_stack_that_both_share_is_no_other_scale(toy: Toy) -> None:
    images = [image * np.linspace(0.2, 3, 16) ** 2 for image in pair(toy)]
    assert odd(toy, images)[0] == []


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("order", [[0, 1, 2, 9, 4, 5, 6, 7, 8, 3, *range(10, 16)], [*range(8, 16), *range(8)]])
def test_slices_of_another_place(toy: Toy, which: int, order: list[int]) -> None:
    images = pair(toy)
    images[which] = images[which][:, :, order]
    assert odd(toy, images)[1] == [k for k, n in enumerate(order) if k != n]


def test_empty_pictures_say_nothing(toy: Toy) -> None:
    assert odd(toy, [np.zeros((8, 8, 4)), np.zeros((8, 8, 4))]) == ([], [])


@pytest.mark.parametrize("times", [2.0, 0.5])
@pytest.mark.parametrize("slices", [[5, 6, 7, 8], [0, 1], [9]])
def test_slices_of_one_image_at_another_scale(toy: Toy, times: float, slices: list[int]) -> None:
    image = pair(toy)[0]
    assert not another_brightness(image, 2).any()
    image[:, :, slices] *= times
    assert np.flatnonzero(another_brightness(image, 2)).tolist() == slices


@pytest.mark.parametrize(
    "shading", [np.linspace(0.2, 3, 16) ** 2, np.where(np.arange(16) % 2, 0.5, 1.0), np.exp(-np.abs(np.arange(16) - 8) / 2)]
)
def test_shading_and_dark_interleaves_are_no_other_scale(toy: Toy, shading: np.ndarray) -> None:
    assert not another_brightness(pair(toy)[0] * shading, 2).any()


def round_body(axis: int) -> list[np.ndarray]:
    """Water, fat and a T1 of muscle under 20 mm of fat, in slices of 8 mm across `axis`: the first and the last hold skin and air only."""
    rng = np.random.default_rng(7)
    u, v, w = np.meshgrid(*(np.arange(-n, n) * 2.0 + 1.0 for n in (72, 40, 40)), indexing="ij")
    depth = (1 - np.sqrt((u / 100) ** 2 + (v / 72) ** 2 + (w / 72) ** 2)) * 72
    muscle, fat = (depth > 20).astype(float), ((depth > 0) & (depth <= 20)).astype(float)
    water = 0.95 * muscle + 0.07 * fat
    images = (water, 0.05 * muscle + 0.93 * fat, 0.35 * muscle + fat)
    thick = (np.abs(image.reshape(36, 4, *u.shape[1:]).mean(axis=1) + rng.normal(0, 0.04, (36, *u.shape[1:]))) for image in images)
    return [np.moveaxis(image, 0, axis) for image in thick]


@pytest.mark.parametrize("axis", [0, 1])
def test_skin_that_gives_way_to_muscle_is_no_other_scale(axis: int) -> None:
    water, fat, t1 = round_body(axis)
    assert not other_scale(water, fat, axis).any()
    assert not another_brightness(t1, axis).any()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("slices", [[18], [14, 15, 16], [11, 19, 22]])
@pytest.mark.parametrize("times", [2.0, 0.5])
def test_slices_at_another_scale_under_skin(axis: int, slices: list[int], times: float) -> None:
    water, fat, t1 = round_body(axis)
    for image in (water, fat, t1):
        np.moveaxis(image, axis, 0)[slices] *= times
    assert np.flatnonzero(other_scale(water, fat, axis)).tolist() == []  # both alike, as shading
    assert np.flatnonzero(another_brightness(t1, axis)).tolist() == slices
    np.moveaxis(fat, axis, 0)[slices] /= times
    assert np.flatnonzero(other_scale(water, fat, axis)).tolist() == slices
    np.moveaxis(water, axis, 0)[slices] /= times
    np.moveaxis(fat, axis, 0)[slices] *= times
    assert np.flatnonzero(other_scale(water, fat, axis)).tolist() == slices
