"""Rows of a forest plot: what is cut, hollow or left out."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gluteal_grade.drawing.figure import blank_figure
from gluteal_grade.drawing.forest import Estimate, draw_estimate
from gluteal_grade.drawing.palette import BLUE, Mark


@pytest.fixture
def axis() -> Any:
    return blank_figure(2, 2).subplots()


def drawn(axis: Any, one: Estimate) -> list[tuple[str, list[float]]]:
    draw_estimate(axis, 0, one, (-1.0, 1.0))
    return [(line.get_marker(), list(line.get_xdata())) for line in axis.lines]


def test_an_interval_inside_is_a_bar_and_a_marker(axis: Any) -> None:
    assert drawn(axis, Estimate(0.2, -0.5, 0.7, Mark(BLUE, "s"))) == [("None", [-0.5, 0.7]), ("s", [0.2])]
    assert axis.lines[1].get_markerfacecolor() == BLUE


def test_an_interval_that_goes_on_is_cut_with_an_arrow(axis: Any) -> None:
    assert drawn(axis, Estimate(0.2, -3, 4, Mark(BLUE))) == [("None", [-1, 1]), ("<", [-1]), (">", [1]), ("o", [0.2])]


def test_an_estimate_beyond_the_limits_is_not_drawn_at_a_wrong_place(axis: Any) -> None:
    assert drawn(axis, Estimate(2, 0.5, 4, Mark(BLUE))) == [("None", [0.5, 1]), (">", [1])]


def test_without_an_interval_the_marker_alone_and_hollow_where_asked(axis: Any) -> None:
    assert drawn(axis, Estimate(0, math.nan, math.nan, Mark(BLUE), filled=False)) == [("o", [0])]
    assert axis.lines[0].get_markerfacecolor() == "white"
