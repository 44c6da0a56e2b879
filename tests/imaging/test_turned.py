"""Edges tell which way round two pictures of one anatomy lie; sound ones never contradict themselves."""

import numpy as np
import pytest

from gluteal_grade.imaging.turned import AS_GIVEN, TURNS, Turn, edges, fit, turned_slices
from tests.synthetic import Toy, dixon, make_toy


@pytest.fixture(scope="module")
def toy() -> Toy:
    """A body that is alike neither left and right, front and back nor top and bottom: only a part of it is in view."""
    return make_toy(0.3, shape=(60, 70, 16), spacing=(3.0, 3.0, 8.0))


@pytest.fixture(scope="module")
def pair(toy: Toy) -> tuple[np.ndarray, np.ndarray]:
    cut = (slice(4, None), slice(0, 55), slice(0, 12))
    return tuple(image[cut] for image in dixon(toy, snr=30))  # type: ignore[return-value]


def maps(toy: Toy, pair: tuple[np.ndarray, np.ndarray], turn: Turn = AS_GIVEN) -> tuple[np.ndarray, np.ndarray]:
    return edges(toy.volume(pair[0]), 2), edges(toy.volume(np.flip(pair[1], turn.axes)), 2)


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.words)
def test_the_turn_is_found_and_named(toy: Toy, pair: tuple[np.ndarray, np.ndarray], turn: Turn) -> None:
    found = fit(*maps(toy, pair, turn))
    assert found.turn == turn
    assert found.contradicts == (turn != AS_GIVEN)


@pytest.mark.parametrize("snr", [4, 8, 60])
@pytest.mark.parametrize("moved", [(0, 0), (1, 0), (0, 1)])
def test_noise_and_a_pixel_of_shift_are_no_contradiction(toy: Toy, snr: float, moved: tuple[int, int]) -> None:
    water, fat = dixon(toy, snr=snr)
    assert not fit(edges(toy.volume(water), 2), edges(toy.volume(np.roll(fat, moved, (0, 1))), 2)).contradicts


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_one_slice_turned_over(toy: Toy, pair: tuple[np.ndarray, np.ndarray], axes: tuple[int, ...]) -> None:
    water, fat = pair[0], pair[1].copy()
    fat[:, :, 7] = np.flip(fat[:, :, 7], axes)
    assert np.flatnonzero(turned_slices(*maps(toy, (water, fat)), 2)).tolist() == [7]
    assert not turned_slices(*maps(toy, pair), 2).any()


def test_words() -> None:
    assert Turn((2,)).words == "upside down (head to foot)"
    assert Turn((0, 1)).words == "turned by 180 degrees about the long axis of the body"


def test_empty_pictures_say_nothing(toy: Toy) -> None:
    nothing = toy.volume(np.zeros((8, 8, 4)))
    assert not fit(edges(nothing, 2), edges(nothing, 2)).contradicts
    assert not turned_slices(edges(nothing, 2), edges(nothing, 2), 2).any()
