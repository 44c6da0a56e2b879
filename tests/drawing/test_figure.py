"""Figures: the same bytes twice, panels of the height they need, text the font has, marks that stay apart."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gluteal_grade.drawing.figure import Estimate, blank_figure, draw_estimate, panels_of_rows, save_png
from gluteal_grade.drawing.fonts import drawable, shortened
from gluteal_grade.drawing.palette import BLUE, MUSCLES, NO_MUSCLE, SIDES, Mark


def test_same_bytes_twice_and_nothing_of_the_program_in_them(tmp_path: Path) -> None:
    files = []
    for name in ("a.png", "b.png"):
        figure = blank_figure(3, 2, dpi=100)
        figure.subplots().plot([0, 1], [1, 0])
        files.append(save_png(figure, tmp_path / "new" / name))
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as image:
        assert image.size == (300, 200)
        assert set(image.info) == {"dpi"}


@pytest.mark.parametrize(("rows", "room"), [([2], [2]), ([2, 5, 3], [5, 5, 5]), ([2, 5, 3, 1, 4], [5, 5, 5, 4, 4])])
def test_a_line_of_panels_is_as_tall_as_its_longest(rows: list[int], room: list[int]) -> None:
    figure, panels = panels_of_rows(rows, row=0.2, head=1.0)
    assert [tall for _, tall in panels] == room
    assert len(figure.axes) == len(rows)


def test_letters_the_font_lacks_and_long_names() -> None:
    assert drawable("Hüfte 人工") == "Hüfte ??"
    assert shortened("Kontrolle", 20) == "Kontrolle"
    assert shortened("a very long name of a group", 20) == "a very lon...a group"
    assert len(shortened("x" * 99, 20)) == 20


def _luminance(colour: str) -> float:
    channels = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("marks", [[*MUSCLES.values(), NO_MUSCLE], list(SIDES.values())])
def test_marks_stand_out_from_paper_and_differ_in_more_than_colour(marks: list) -> None:
    for mark in marks:
        assert 1.05 / (_luminance(mark.colour) + 0.05) >= 3  # WCAG 2.2, 1.4.11
    for a, b in combinations(marks, 2):
        assert a.colour != b.colour
        assert a.marker != b.marker or NO_MUSCLE in (a, b)


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
