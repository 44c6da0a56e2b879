"""Words and numbers that reports and pictures share."""

import math

import pytest

from gluteal_grade.report.html.numbers import gap, interval, millilitres, signed
from gluteal_grade.report.readings import percentile_text, primary_edges, probability_text, z_text
from gluteal_grade.report.words import joined, plain, visible


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9951, ">99 %"), (0.995, ">99 %"), (0.994, "99 %"), (0.974, "97 %"), (0.006, "1 %"), (0.005, "<1 %"), (math.nan, "")],
)
def test_probability(value, text):
    assert probability_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4, "below 1st"),
        (1.2, "1st"),
        (2, "2nd"),
        (11, "11th"),
        (13, "13th"),
        (22, "22nd"),
        (53, "53rd"),
        (99.5, "above 99th"),
        (math.nan, ""),
    ],
)
def test_percentile(value, text):
    assert percentile_text(value) == text


@pytest.mark.parametrize(("z", "text"), [(1.24, "+1.2"), (-0.04, "0.0"), (-2.26, "-2.3"), (math.nan, "–")])
def test_z(z, text):
    assert z_text(z) == text


def test_numbers():
    assert [signed(v, 1) for v in (1.25, -0.04, -3.0, math.nan)] == ["+1.2", "0.0", "-3.0", "–"]
    assert [millilitres(v) for v in (742.4, 9.94, 9.96, math.nan)] == ["742", "9.9", "10", "–"]
    assert [interval(*v) for v in ((1, 2), (-1, 2), (math.nan, 2))] == ["1.0–2.0", "-1.0 to 2.0", ""]
    assert [gap(d) for d in (None, 1, 40, 371)] == ["", "1 day", "40 days", "371 days (12 months)"]


def test_words():
    assert (
        plain("right gluteus_maximus: dixon_water, t1_spin_echo; a_ _b A_B")
        == "right gluteus maximus: dixon water, t1 spin echo; a_ _b A_B"
    )
    assert visible("a\u202eb\x00c\u2028dé") == "a\ufffdb\ufffdc\ufffddé"
    assert [joined(w) for w in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_edges_are_drawn_only_where_the_study_was_graded_by_them(result):
    assert primary_edges(result) == (0.1, 0.25, 0.5, 0.75)

    old = result.provenance.model_copy(update={"scales": {}})  # an old version's result does not say by which edges

    def other(provenance=old, **changes):
        muscles = tuple(m.model_copy(update={"grades": tuple(g.model_copy(update=changes) for g in m.grades)}) for m in result.muscles)
        return primary_edges(result.model_copy(update={"muscles": muscles, "provenance": provenance}))

    assert other() == (0.1, 0.25, 0.5, 0.75)
    assert other(margin=0.0123) == ()  # a lab's own edges under the same name
    assert other(profile="own") == ()
    assert other(result.provenance, profile="own") == (0.1, 0.25, 0.5, 0.75)
    assert other(result.provenance, margin=0.0123) == ()
    assert other(measure="fat_area_fraction") == ()
    assert primary_edges(result.model_copy(update={"muscles": ()})) == ()
