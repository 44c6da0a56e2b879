"""Slices that changed places or were repeated are found; sound stacks, whatever their brightness and noise, are left alone."""

import numpy as np
import pytest

from gluteal_grade.imaging.stacking import moved_slices, repeated_slices, shuffled, slices_apart


def stack(count: int = 20, noise: float = 0.03, seed: int = 0) -> np.ndarray:
    """(x, y, z): discs whose middle and size wander along z."""
    rng = np.random.default_rng(seed)
    x, y, z = np.indices((64, 56, count)).astype(float)
    body = np.hypot((x - 32) / 28, (y - 28) / 24) < 1
    inner = np.hypot(x - 24 - 0.7 * z, y - 22 - 4 * np.sin(z / 5)) < 6 + 0.3 * z
    other = np.hypot(x - 44 + 0.5 * z, y - 34 + 0.4 * z) < 12 - 0.35 * z
    image = 100.0 * body + 180.0 * inner + 90.0 * other
    return (image + 100 * noise * rng.standard_normal(image.shape)).astype(np.float32)


def exchanged(image: np.ndarray, i: int, j: int) -> np.ndarray:
    moved = image.copy()
    moved[:, :, [i, j]] = moved[:, :, [j, i]]
    return moved


def moved(image: np.ndarray, axis: int = 2, *, along: bool = True) -> list[int]:
    return np.flatnonzero(moved_slices(slices_apart(image, axis), along=along)).tolist()


@pytest.mark.parametrize(("i", "j"), [(3, 4), (9, 10), (14, 15), (4, 12), (10, 12), (6, 9), (0, 1), (0, 8), (5, 19)])
@pytest.mark.parametrize("noise", [0.0, 0.03, 0.1])
def test_two_slices_exchanged(i: int, j: int, noise: float) -> None:
    image = exchanged(stack(noise=noise), i, j)
    assert moved(image) == [i, j]
    assert moved(np.moveaxis(image, 2, 0), 0) == [i, j]


@pytest.mark.parametrize(("first", "last"), [(4, 7), (5, 13), (1, 16)])
@pytest.mark.parametrize("noise", [0.0, 0.03, 0.1])
def test_a_run_turned_end_for_end(first: int, last: int, noise: float) -> None:
    image = stack(noise=noise)
    image[:, :, first : last + 1] = image[:, :, first : last + 1][:, :, ::-1]
    middle = (first + last) / 2
    assert moved(image) == [k for k in range(first, last + 1) if k != middle]


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.1, 0.5, 3.0])
def test_sound_stacks(noise: float) -> None:
    assert moved(stack(noise=noise)) == []


def test_every_second_slice_darker_is_no_exchange() -> None:
    image = stack()
    image[:, :, ::2] *= 0.7
    assert moved(image) == []


def test_two_packages_shifted_against_each_other_are_no_exchange() -> None:
    image = stack()
    image[:, :, ::2] = np.roll(image[:, :, ::2], 4, axis=0)
    assert moved(image) == []


def test_noise_constants_and_short_stacks_tell_nothing() -> None:
    assert moved(np.random.default_rng(1).random((32, 32, 20), np.float32)) == []
    assert moved(np.zeros((32, 32, 20), np.float32)) == []
    assert moved(exchanged(stack(5), 1, 2)) == []
    assert moved(np.zeros((2, 2, 20), np.float32)) == []


def test_a_repeated_slice() -> None:
    image = stack()
    image[:, :, 8] = image[:, :, 7]
    assert np.flatnonzero(repeated_slices(image, 2)).tolist() == [7, 8]
    assert not repeated_slices(stack(), 2).any()


@pytest.mark.parametrize("copy", [0, 12, 19])
def test_the_picture_of_a_slice_far_off(copy: int) -> None:
    image = stack()
    image[:, :, copy] = image[:, :, 7]
    assert np.flatnonzero(repeated_slices(image, 2)).tolist() == sorted([7, copy])
    image[:, :, 3:6] = 0  # empty ones are no copies of each other
    assert np.flatnonzero(repeated_slices(image, 2)).tolist() == sorted([7, copy])


def test_a_drawing_that_is_alike_above_and_below_is_no_repetition() -> None:
    image = stack(noise=0)
    image[:, :, 10:] = image[:, :, 9::-1]
    assert not repeated_slices(image, 2)[:9].any()


def test_resampled_to_thinner_slices_is_no_repetition() -> None:
    assert not repeated_slices(np.repeat(stack(), 3, axis=2), 2).any()


def test_alike_up_to_the_edge_is_no_repetition() -> None:
    image = stack(noise=0)
    image[:, :, :3] = image[:, :, 3:4]
    assert not repeated_slices(image, 2).any()


def test_several_exchanges() -> None:
    image = exchanged(exchanged(exchanged(stack(30), 4, 5), 12, 13), 20, 21)
    assert moved(image) == [4, 5, 12, 13, 20, 21]


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.1])
def test_a_shuffled_stack(noise: float) -> None:
    order = np.random.default_rng(3).permutation(20)
    assert shuffled(slices_apart(stack(noise=noise)[:, :, order], 2))


@pytest.mark.parametrize("packages", [1, 2, 3])
def test_packages_and_noise_are_not_shuffled(packages: int) -> None:
    image = stack()
    for k in range(20):
        image[:, :, k] = np.roll(image[:, :, k], 3 * (k % packages), axis=0) * (1 - 0.1 * (k % packages))
    assert not shuffled(slices_apart(image, 2))
    assert not shuffled(slices_apart(stack(noise=3.0), 2))
    assert not shuffled(slices_apart(exchanged(image, 4, 12), 2))
    assert not shuffled(slices_apart(np.zeros((32, 32, 20), np.float32), 2))


def test_what_looks_the_same_upside_down_is_sound() -> None:
    half = stack(10, noise=0)
    image = np.concatenate([half, half[:, :, ::-1]], axis=2)
    image = image + np.random.default_rng(4).normal(0, 1, image.shape).astype(np.float32)
    assert moved(image) == []
    assert moved(image, along=False) == []


@pytest.mark.parametrize(("i", "j"), [(9, 10), (4, 12)])
def test_across_the_body_less_is_certain(i: int, j: int) -> None:
    assert moved(stack(), along=False) == []
    assert moved(exchanged(stack(), i, j), along=False) in ([], [i, j])
    assert moved(exchanged(stack(), 4, 12), along=False) == [4, 12]


@pytest.mark.parametrize("noise", [0.0, 1.0, 5.0])
@pytest.mark.parametrize(("before", "behind"), [(1, 1), (2, 2), (3, 1), (0, 2)])
def test_padding_at_both_ends_is_sound(noise: float, before: int, behind: int) -> None:
    image = stack(noise=0.03)
    padded = np.pad(image, ((0, 0), (0, 0), (before, behind)))
    padded += np.abs(np.random.default_rng(5).normal(0, noise, padded.shape)).astype(np.float32) if noise else 0
    assert moved(padded) == []
    assert moved(padded, along=False) == []
