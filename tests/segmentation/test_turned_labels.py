"""A label map that lies upside down, turned or mirrored is refused with the turn named; sound ones, whole or cut, never."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import AS_GIVEN, TURNS, Turn
from gluteal_grade.io import Series
from gluteal_grade.segmentation.turned_labels import check_outlines, check_turned, turn_of_body, turned_against
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.grids import axial_grid
from tests.segmentation.phantom_labels import sampled
from tests.synthetic import Toy, make_toy, series, t1

TURNED = TURNS[1:]
NO_X = [turn for turn in TURNED if turn.axes != (0,)]  # right and left exchanged alone is for `sides`


@pytest.fixture(scope="module")
def labels() -> Volume:
    found = sampled(axial_grid((-200.0, -165.0, -140.0), (200.0, 70.0, 148.0), (5.0, 5.0, 8.0)))
    return found.with_array(found.array // 10 * 10)


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(0.35, shape=(100, 76, 20), spacing=(3.5, 3.5, 8.0))


def turned(volume: Volume, turn: Turn) -> Volume:
    return volume.with_array(np.flip(volume.array, turn.axes).copy())


@pytest.mark.parametrize("turn", NO_X, ids=lambda turn: turn.words)
def test_the_turn_is_named(labels: Volume, turn: Turn) -> None:
    found, why = turn_of_body(turned(labels, turn))
    assert found == turn
    assert "gluteus maximus" in why


@pytest.mark.parametrize("keep", [slice(None), slice(8, None), slice(0, 24), slice(6, 20)])
@pytest.mark.parametrize("side", [0, 100, 200])
def test_sound_labels_whole_cut_or_of_one_side_are_left_alone(labels: Volume, keep: slice, side: int) -> None:
    array = np.zeros_like(labels.array)
    array[:, :, keep] = labels.array[:, :, keep]
    if side:
        array[array // 100 != side // 100] = 0
    assert turn_of_body(labels.with_array(array)) == (AS_GIVEN, "")


def test_exchanged_muscles_are_no_turn(labels: Volume) -> None:
    """Maximus called medius and medius maximus would lie right if everything were turned; their sizes tell."""
    table = np.arange(256, dtype=np.uint8)
    table[[110, 120, 210, 220]] = [120, 110, 220, 210]
    found, why = turn_of_body(labels.with_array(table[labels.array]))
    assert found is AS_GIVEN
    assert why


@pytest.mark.parametrize("turn", TURNED, ids=lambda turn: turn.words)
def test_labels_turned_against_their_picture(toy: Toy, turn: Turn) -> None:
    image = toy.volume(t1(toy))
    assert turned_against(toy.labels, image, 2) is AS_GIVEN
    shown = turned_against(turned(toy.labels, turn), image, 2)
    # the toy is alike right and left: what is mirrored so is no contradiction there
    assert set(shown.axes) - {0} == set(turn.axes) - {0}


def test_a_picture_without_contrast_says_nothing(toy: Toy) -> None:
    assert turned_against(toy.labels, toy.volume(np.ones(toy.grid.shape)), 2) is AS_GIVEN
    noise = np.random.default_rng(1).standard_normal(toy.grid.shape)
    check_outlines(toy.labels, toy.volume(noise), 2)


def of(image: Volume) -> Callable[[], Series]:
    return lambda: series("s1", SeriesKind.T1, image)


def test_the_refusal_says_whether_the_picture_is_turned_too(toy: Toy) -> None:
    upside_down, image = Turn((2,)), toy.volume(t1(toy))
    for picture, words in ((image, "against the picture"), (turned(image, upside_down), "picture and label map alike")):
        with pytest.raises(RefusedInput, match=words) as caught:
            check_turned(turned(toy.labels, upside_down), of(picture))
        assert caught.value.reason is Reason.TURNED_OVER
        assert upside_down.words in caught.value.detail
    check_turned(toy.labels, of(image))
    check_turned(turned(toy.labels, upside_down), of(image), unless=lambda: "another numbering fits")
