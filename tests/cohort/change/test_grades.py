"""Chances of a changed grade, against all pairs by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.cohort.change.compare import chances, grade_changes
from tests.cohort.change.makers import muscle


def test_by_hand() -> None:
    # rose: .5 x (.3 + .5) + .5 x .5, fell: .5 x .2, stayed: .5 x .2 + .5 x .3
    assert chances((0.5, 0.5, 0.0), (0.2, 0.3, 0.5)) == pytest.approx((0.65, 0.10, 0.25))


@pytest.mark.parametrize("pair", [((), (1.0,)), ((1.0,), ()), ((0.5, 0.5), (1.0, 0.0, 0.0)), ((0.0, 0.0), (0.0, 1.0))])
def test_without_two_vectors_of_one_scale_there_is_none(pair: tuple) -> None:
    assert all(map(math.isnan, chances(*pair)))


vectors = st.lists(st.floats(0.01, 1), min_size=5, max_size=5).map(lambda v: [x / sum(v) for x in v])


@given(vectors, vectors)
def test_they_sum_to_one(p: list[float], q: list[float]) -> None:
    assert sum(chances(p, q)) == pytest.approx(1)


def test_a_scale_read_in_two_ways_has_no_change() -> None:
    prior = muscle(fat=0.2)
    literal = tuple(g.model_copy(update={"profile": "literal"}) if g.scale == "goutallier" else g for g in prior.grades)
    found = {g.scale: g for g in grade_changes(prior, prior.model_copy(update={"grades": literal}), comparable=True)}
    assert (found["goutallier"].change, found["quartile"].change) == (None, 0)
    assert math.isnan(found["goutallier"].stayed)
    assert (found["goutallier"].prior, found["goutallier"].current) == (2, 2)
