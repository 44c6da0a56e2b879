"""Two raters: against scikit-learn and against tables from papers and manuals."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from gluteal_grade.statistics.kappas import (
    PAIR_STATISTICS,
    alpha,
    coincidences,
    confusion,
    fleiss,
    gwet,
    kappa,
    pabak,
    pair_statistics,
    percent_agreement,
)

# two dermatologists, 88 patients, four grades (SAS/STAT manual, PROC FREQ, "Simple and Weighted Kappa Coefficients")
SKIN = np.array([[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]], float)
pairs = st.integers(2, 6).flatmap(
    lambda k: st.tuples(st.just(k), st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=2, max_size=40))
)
# Fleiss 1971, table 1: 30 patients, 6 psychiatrists, 5 diagnoses
FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
# Krippendorff 2011, section C: 4 observers, 12 units, 0 missing
PAPER = ["123321412000", "123322412503", "033323422510", "123324412510"]
# the three-observer example with missing data (README of the krippendorff package, also Wikipedia)
THREE = ["000003412113303", "102133430000000", "002134402113304"]


def table(k: int, ratings: list[tuple[int, int]]) -> np.ndarray:
    counts = np.zeros((k, k))
    np.add.at(counts, tuple(np.array(ratings).T), 1)
    return counts


@given(pairs)
def test_as_scikit_learn(case: tuple[int, list[tuple[int, int]]]) -> None:
    k, ratings = case
    a, b = zip(*ratings, strict=True)
    alone = len({*a, *b}) == 1
    for power, weights in ((0, None), (1, "linear"), (2, "quadratic")):
        ours = float(kappa(table(k, ratings), power))
        if alone:  # scikit-learn divides by zero here
            assert np.isnan(ours)
        else:
            assert ours == pytest.approx(cohen_kappa_score(a, b, labels=list(range(k)), weights=weights), abs=1e-12)


@given(pairs)
def test_which_rater_is_first_does_not_matter(case: tuple[int, list[tuple[int, int]]]) -> None:
    counts = table(*case)
    np.testing.assert_allclose(pair_statistics(counts), pair_statistics(counts.T), rtol=0, atol=1e-12)


@given(st.lists(st.integers(0, 4), min_size=2).filter(lambda grades: len(set(grades)) > 1))
def test_alike_is_one(grades: list[int]) -> None:
    found = pair_statistics(table(5, [(g, g) for g in grades]))
    np.testing.assert_allclose(found, [100, 1, 1, 1, 1, 1, 1], rtol=0, atol=1e-12)


def test_dermatologists() -> None:
    assert float(kappa(SKIN)) == pytest.approx(0.3449, abs=5e-5)
    assert float(kappa(SKIN, 1)) == pytest.approx(0.5082, abs=5e-5)


def test_grades_that_nobody_gave_count_as_grades() -> None:
    """0, 1 and 2 of a scale from 0 to 4: PABAK and AC2 know the other two; in kappa they cancel."""
    seen = np.array([[8.0, 2, 0], [1, 6, 2], [0, 1, 5]])
    counts = np.pad(seen, (0, 2))
    assert float(pabak(counts)) == pytest.approx((5 * 19 / 25 - 1) / 4)
    assert float(pabak(seen)) == pytest.approx((3 * 19 / 25 - 1) / 2)
    assert float(gwet(counts, 2)) > float(gwet(seen, 2))
    for power in (0, 1, 2):
        assert float(kappa(counts, power)) == pytest.approx(float(kappa(seen, power)))


def test_pabak_of_two_grades_is_twice_the_agreement_less_one() -> None:
    """Byrt 1993: 2 Po - 1."""
    assert float(pabak(np.array([[80.0, 5], [15, 0]]))) == pytest.approx(0.6)
    assert float(kappa(np.array([[80.0, 5], [15, 0]]))) < 0  # the paradox that it answers


def test_ac1_where_almost_all_are_one_grade() -> None:
    """Gwet 2002: 118, 5, 2, 0; kappa -0.0234, AC1 0.9408."""
    counts = np.array([[118.0, 5], [2, 0]])
    assert float(kappa(counts)) == pytest.approx(-0.0234, abs=5e-5)
    assert float(gwet(counts)) == pytest.approx(0.9408, abs=5e-5)


def test_one_category_alone_has_no_kappa() -> None:
    counts = np.zeros((5, 5))
    counts[0, 0] = 7
    found = dict(zip(PAIR_STATISTICS, pair_statistics(counts), strict=True))
    assert [name for name, v in found.items() if np.isnan(v)] == ["kappa", "kappa_linear", "kappa_quadratic"]
    assert found["percent_agreement"] == 100


def test_nothing_counted_is_nan() -> None:
    assert np.isnan(pair_statistics(np.zeros((3, 3)))).all()
    assert np.isnan(percent_agreement(np.zeros((3, 3))))


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50), st.integers(1, 50))
def test_two_grades_are_cohens_kappa_with_any_weights(a: int, b: int, c: int, d: int) -> None:
    n = a + b + c + d
    observed, chance = (a + d) / n, ((a + b) * (a + c) + (c + d) * (b + d)) / n**2
    matrix = np.array([[a, b], [c, d]])
    for power in (1, 2):
        assert kappa(matrix, power) == pytest.approx((observed - chance) / (1 - chance))


@given(st.lists(st.integers(0, 50), min_size=9, max_size=9).map(lambda c: np.array(c).reshape(3, 3)))
def test_kappa_is_one_only_on_the_diagonal_and_symmetric(matrix: np.ndarray) -> None:
    for power in (1, 2):
        found = kappa(matrix, power)
        assert np.isnan(found) or found <= 1 + 1e-12
        assert kappa(matrix.T, power) == pytest.approx(found, nan_ok=True)
        assert kappa(np.diag([3, 4, 5]), power) == 1


def test_a_far_miss_costs_more_with_squares() -> None:
    far = np.array([[10, 0, 2], [0, 10, 0], [0, 0, 10]])
    near = np.array([[10, 2, 0], [0, 10, 0], [0, 0, 10]])
    assert kappa(far, 2) < kappa(far, 1) < kappa(near, 1)


def test_confusion_counts_first_by_second() -> None:
    assert confusion(np.array([0, 0, 2]), np.array([0, 1, 2]), 3).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]


def test_fleiss_1971() -> None:
    counts = [[int(c) for c in row] for row in FLEISS.split()]
    values = np.array([np.repeat(np.arange(5), row) for row in counts], float)
    assert values.shape == (30, 6)
    assert float(fleiss(coincidences(values, 5).sum(axis=0))) == pytest.approx(0.430, abs=5e-4)


def placed(rows: list[str]) -> np.ndarray:
    values = np.array([[int(c) for c in row] for row in rows], float).T - 1
    return np.where(values < 0, np.nan, values)


@pytest.mark.parametrize(("rows", "nominal", "ordinal"), [(PAPER, 0.743, 0.815), (THREE, 0.691, 0.807)])
def test_krippendorff_worked_examples(rows: list[str], nominal: float, ordinal: float) -> None:
    table = coincidences(placed(rows), 5).sum(axis=0)
    assert float(alpha(table, ordinal=False)) == pytest.approx(nominal, abs=5e-4)
    assert float(alpha(table, ordinal=True)) == pytest.approx(ordinal, abs=5e-4)


grades = st.integers(2, 5).flatmap(
    lambda raters: st.lists(st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=raters, max_size=raters), min_size=2, max_size=25)
)


@settings(max_examples=60)
@given(grades)
def test_alpha_as_the_package(rows: list[list[int | None]]) -> None:
    values = np.array([[np.nan if v is None else v for v in row] for row in rows], float)
    paired = values[np.isfinite(values).sum(axis=1) > 1]
    seen = paired[np.isfinite(paired)]
    assume(len(set(seen)) > 1)
    table = coincidences(values, 5).sum(axis=0)
    for level in ("nominal", "ordinal"):
        theirs = krippendorff.alpha(reliability_data=values.T, level_of_measurement=level, value_domain=np.arange(5.0))
        assert float(alpha(table, ordinal=level == "ordinal")) == pytest.approx(theirs, abs=1e-10)


@settings(max_examples=60)
@given(st.integers(2, 5).flatmap(lambda m: st.lists(st.lists(st.integers(0, 4), min_size=m, max_size=m), min_size=2, max_size=25)))
def test_fleiss_as_statsmodels(rows: list[list[int]]) -> None:
    assume(len({g for row in rows for g in row}) > 1)
    counts, _ = aggregate_raters(np.array(rows), n_cat=5)
    ours = fleiss(coincidences(np.array(rows, float), 5).sum(axis=0))
    assert float(ours) == pytest.approx(fleiss_kappa(counts), abs=1e-12)


def test_one_grade_alone_has_none() -> None:
    table = coincidences(np.zeros((4, 3)), 5).sum(axis=0)
    assert np.isnan(fleiss(table))
    assert np.isnan(alpha(table, ordinal=True))
    assert np.isnan(alpha(table, ordinal=False))


def test_a_unit_with_one_rating_counts_nothing() -> None:
    assert not coincidences(np.array([[2.0, np.nan, np.nan]]), 5).any()
