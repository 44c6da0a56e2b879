"""Slices that do not belong where they lie are found by their neighbours; sound stacks, near and far apart, are left alone."""

import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.imaging.neighbours import foreign_slices, noise_slices, reordered, turned_in_stack, unit_edges
from gluteal_grade.imaging.slices import cut_slices


def stack(count: int = 20, noise: float = 0.03, seed: int = 0) -> np.ndarray:
    """(x, y, z): a body that is alike neither right and left nor front and back, and wanders along z."""
    rng = np.random.default_rng(seed)
    x, y, z = np.indices((64, 56, count)).astype(float)
    body = np.hypot((x - 32) / 28, (y - 28) / 24) < 1
    inner = np.hypot(x - 22 - 0.4 * z, y - 22 - 2 * np.sin(z / 5)) < 7 + 0.2 * z
    other = np.hypot(x - 44 + 0.3 * z, y - 34 + 0.3 * z) < 12 - 0.25 * z
    image = 100.0 * body + 180.0 * inner + 90.0 * other
    return np.abs(image + 100 * noise * rng.standard_normal(image.shape)).astype(np.float32)


def found(image: np.ndarray, axis: int = 2) -> dict[str, list[int]]:
    """What each witness says, where it says something."""
    image = np.moveaxis(image, 2, axis)
    spacing = np.insert([2.0, 2.0], axis, 6.0)
    unit = unit_edges(Volume(image, np.diag([*spacing, 1.0])), axis)
    every = {
        "foreign": foreign_slices(unit),
        "turned": turned_in_stack(unit),
        "reordered": reordered(unit),
        "noise": noise_slices(image, axis),
        "cut": cut_slices(image, axis),
    }
    return {name: np.flatnonzero(mask).tolist() for name, mask in every.items() if mask.any()}


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.2])
@pytest.mark.parametrize("count", [4, 9, 20])
def test_sound_stacks(count: int, noise: float) -> None:
    assert found(stack(count, noise)) == {}


@pytest.mark.parametrize("axis", [0, 1])
def test_any_axis(axis: int) -> None:
    image = stack()
    assert found(image, axis) == {}
    image[:, :, 7] = image[::-1, :, 7]
    assert found(image, axis)["turned"] == [7]


def test_every_second_slice_darker_or_shifted_is_sound() -> None:
    image = stack()
    image[:, :, ::2] = 0.7 * np.roll(image[:, :, ::2], 2, axis=0)
    assert found(image) == {}


@pytest.mark.parametrize("flip", [np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]])
@pytest.mark.parametrize("which", [[7], [1], [0], [19], [4, 5, 6], [14, 15, 16, 17, 18, 19]])
def test_slices_turned_over_within_themselves(which: list[int], flip: object) -> None:
    image = stack()
    for k in which:
        image[:, :, k] = image[:, :, k][flip]  # type: ignore[index]
    assert found(image)["turned"] == which


def test_half_and_half_blames_all() -> None:
    image = stack()
    image[:, :, 10:] = image[::-1, :, 10:]
    assert found(image)["turned"] == list(range(20))


@pytest.mark.parametrize("which", [[6], [0], [19], [9, 10, 11]])
def test_noise_in_the_place_of_slices(which: list[int]) -> None:
    image = stack()
    rng = np.random.default_rng(1)
    for k in which:
        image[:, :, k] = rng.permutation(image[:, :, k].ravel()).reshape(image.shape[:2])
    assert found(image)["noise"] == which


def test_a_slice_of_another_body() -> None:
    image = stack()
    x, y = np.indices(image.shape[:2])
    image[:, :, 8] = 150.0 * ((x // 9 + y // 7) % 2)
    assert found(image)["foreign"] == [8]


@pytest.mark.parametrize("half", [np.s_[:32], np.s_[32:], np.s_[:, :28], np.s_[:, 28:]])
def test_half_of_a_slice_is_empty(half: object) -> None:
    image = stack()
    image[:, :, 9][half] = 0  # type: ignore[index]
    assert found(image)["cut"] == [9]


def test_a_body_that_ends_and_air_without_a_value_are_no_cut() -> None:
    image = stack(noise=0)
    image[:, :, 12:] = 0
    image[:20, :, :] = 0
    assert "cut" not in found(image)


def test_blocks_that_changed_places() -> None:
    image = stack()
    order = [0, 1, 2, 12, 13, 14, 6, 7, 8, 9, 10, 11, 3, 4, 5, *range(15, 20)]
    assert found(image[:, :, order])["reordered"] == [3, 4, 5, 12, 13, 14]


def test_a_stack_that_begins_in_its_middle() -> None:
    assert found(np.roll(stack(), 6, axis=2))["reordered"] == list(range(20))


def test_noise_constants_and_short_stacks_tell_nothing() -> None:
    assert found(np.random.default_rng(1).random((32, 32, 20), np.float32)) == {}
    assert found(np.zeros((32, 32, 20), np.float32)) == {}
    short = stack(3)
    short[:, :, 1] = short[::-1, :, 1]
    assert found(short) == {}


def test_values_that_are_no_numbers_are_passed_over() -> None:
    image = stack()
    image[:4] = np.nan
    assert found(image) == {}
