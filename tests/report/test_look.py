"""Themes and identity: what a header says, and that no text breaks it."""

import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gluteal_grade.drawing.page import Area, drawing_style
from gluteal_grade.drawing.palette import THEMES
from gluteal_grade.report._frame import _head
from gluteal_grade.report.look import LONGEST, MOST_LINES, Look
from gluteal_grade.report.overlay import write_overlays
from tests.report.studies import toy_study

_SAYS = 1500  # pixels left of where the header says that it names nobody


@cache
def small_study():
    return toy_study(shape=(72, 52, 30), spacing=(5.0, 5.0, 5.0))


@pytest.fixture
def study():
    return small_study()


def head(study, look: Look) -> np.ndarray:
    with drawing_style():
        return _head(study[0], look)


def test_identity_is_cleaned_and_cut():
    look = Look(identity=("a" * 90, "  ", "DOE^JANE\n$x^2$\t\u202eevil", "\ud800\x00", *("more",) * 9))
    assert look.lines == ("a" * LONGEST, "DOE^JANE $x^2$ evil", "\N{REPLACEMENT CHARACTER}", "more", "more", "more")
    assert len(look.lines) == MOST_LINES


@pytest.mark.long
def test_identity_stands_in_the_header_of_every_page(study, tmp_path, monkeypatch):
    seen: list[str] = []
    draw = Area.text

    def record(self, x, y, string, size=12, **style):
        seen.append(string)
        draw(self, x, y, string, size, **style)

    monkeypatch.setattr(Area, "text", record)
    write_overlays(*study, tmp_path)
    assert any(s.startswith("de-identified") for s in seen)
    plain = {path.name: np.asarray(Image.open(path)) for path in tmp_path.iterdir()}
    seen.clear()
    write_overlays(*study, tmp_path, Look(identity=("DOE^JANE", "ID 4711", "2024-01-08")))
    assert {"DOE^JANE", "ID 4711", "2024-01-08"} <= set(seen)
    assert not any("de-identified" in s for s in seen)
    for name, page in plain.items():
        named = np.asarray(Image.open(tmp_path / name))
        grown = named.shape[0] - page.shape[0]
        assert grown == 28
        assert np.array_equal(named[62 + grown :], page[62:]), "the rest of the page moves down and stays as it is"
        assert (named[62:84] < 100).any()


@settings(max_examples=20, deadline=None)
@given(lines=st.lists(st.text(max_size=80), min_size=1, max_size=7).map(tuple))
def test_any_identity_is_drawn_in_its_own_rows(lines):
    study = small_study()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning of the font would print the characters of a name
        drawn = head(study, Look(identity=lines))
    plain = head(study, Look())
    rows = -(-len(Look(identity=lines).lines) // 3)
    grown = rows * 22 + (6 if rows else 0)
    assert drawn.shape[0] == plain.shape[0] + grown
    assert np.array_equal(drawn[:62, :_SAYS], plain[:62, :_SAYS])
    assert np.array_equal(drawn[62 + grown :], plain[62:])
    assert (drawn[62 : 62 + grown, :20] == 255).all()


def test_marks_above_marks_stay_in_their_row(study):
    drawn = head(study, Look(identity=("Z" + "\u0301" * 60, "\ufdfd" * 60)))
    plain = head(study, Look())
    assert np.array_equal(drawn[62 + 28 :], plain[62:])
    assert np.array_equal(drawn[:62, :_SAYS], plain[:62, :_SAYS])
    columns = 24 + 1852 // 3
    assert (drawn[62:84, columns - 14 : columns - 2] == 255).all(), "and in their column"


@pytest.mark.long
def test_the_dark_theme_turns_paper_and_ink_and_leaves_the_pictures(study, tmp_path):
    pages = {}
    for theme in THEMES:
        (tmp_path / theme).mkdir()
        paths = write_overlays(*study, tmp_path / theme, Look(theme))
        pages[theme] = [np.asarray(Image.open(path)) for path in paths]
    for light, dark in zip(pages["print"], pages["dark"], strict=True):
        assert light.shape == dark.shape
        assert tuple(light[0, 0]) == (255, 255, 255)
        assert "#{:02x}{:02x}{:02x}".format(*dark[0, 0]) == THEMES["dark"].paper
    level = slice(174, 400), slice(24, 947)
    assert np.array_equal(pages["print"][1][level], pages["dark"][1][level])


@pytest.mark.parametrize(("pictures", "names"), [("summary", ["overlay_summary.png"]), ("none", [])])
def test_fewer_pictures_where_asked_for(study, tmp_path, pictures, names):
    paths = write_overlays(*study, tmp_path, Look(pictures=pictures))
    assert [path.name for path in paths] == sorted(path.name for path in tmp_path.iterdir()) == names
