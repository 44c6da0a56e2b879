"""Two sides suspected in one hip: the way round that shows more muscle wins."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.locate import Box
from gluteal_grade.segmentation.one_hip import settled
from gluteal_grade.vocabulary import Side
from tests.segmentation.fakes import SETTINGS

LOCATOR = SETTINGS.segmentation.locator


def box(side: Side, middle_mm: float, half_mm: float = 60.0) -> Box:
    return Box(side, np.array([middle_mm - half_mm, -80.0, -100.0]), np.array([middle_mm + half_mm, 20.0, 100.0]))


def reader(right: float, left: float):
    seen: list[Box] = []

    def read(one: Box) -> tuple[Volume, ...]:
        seen.append(one)
        share = right if one.side is Side.RIGHT else left
        return tuple(Volume(np.full((10, 10, 10), share / 3, np.float32), np.diag([4.0, 4.0, 4.0, 1.0])) for _ in range(3))

    return read, seen


@pytest.mark.parametrize(("right", "left", "side"), [(0.9, 0.6, Side.RIGHT), (0.6, 0.9, Side.LEFT), (0.7, 0.1, Side.RIGHT)])
def test_the_way_round_that_shows_more_muscle_is_taken(right: float, left: float, side: Side) -> None:
    read, seen = reader(right, left)
    boxes, notes = settled((box(Side.RIGHT, 120), box(Side.LEFT, 70)), read, LOCATOR)
    assert [b.side for b in boxes] == [side]
    assert (boxes[0].low_mm[0], boxes[0].high_mm[0]) == (10.0, 180.0)  # around both
    assert [n.reason for n in notes] == [Reason.ONE_HIP_TAKEN]
    assert f"one {side} hip" in notes[0].detail
    assert [b.side for b in seen] == [Side.RIGHT, Side.LEFT]


@pytest.mark.parametrize(
    ("right", "left", "outer", "side", "words"),
    [
        (0.9, 0.85, Side.LEFT, Side.LEFT, "where its skin lies"),
        (0.9, 0.6, Side.LEFT, Side.RIGHT, "although its skin lies on the left side"),
        (0.6, 0.9, Side.LEFT, Side.LEFT, "where its skin lies"),
    ],
)
def test_the_flank_decides_where_the_muscle_does_not(right: float, left: float, outer: Side, side: Side, words: str) -> None:
    read, _ = reader(right, left)
    for boxes in ((box(Side.RIGHT, 120), box(Side.LEFT, 70)), (box(Side.RIGHT, 90),)):
        found, notes = settled(boxes, read, LOCATOR, outer)
        assert [b.side for b in found] == [side]
        assert words in notes[0].detail


def test_a_side_that_the_flank_confirms_is_not_read_twice() -> None:
    read, seen = reader(0.9, 0.9)
    boxes = (box(Side.LEFT, 90),)
    assert settled(boxes, read, LOCATOR, Side.LEFT) == (boxes, ())
    assert not seen


@pytest.mark.parametrize(
    "boxes", [(), (box(Side.LEFT, 90),), (box(Side.RIGHT, 90), box(Side.LEFT, -90)), (box(Side.RIGHT, 50), box(Side.LEFT, -50))]
)
def test_two_hips_apart_or_one_are_left_as_they_are(boxes: tuple[Box, ...]) -> None:
    read, seen = reader(0.9, 0.9)
    assert settled(boxes, read, LOCATOR) == (boxes, ())
    assert not seen
