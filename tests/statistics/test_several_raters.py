"""Several raters: against statsmodels, krippendorff and papers."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from gluteal_grade.statistics.several_raters import alpha, coincidences, fleiss

# Fleiss 1971, table 1: 30 patients, 6 psychiatrists, 5 diagnoses
FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
# Krippendorff 2011, section C: 4 observers, 12 units, 0 missing
PAPER = ["123321412000", "123322412503", "033323422510", "123324412510"]
# the three-observer example with missing data (README of the krippendorff package, also Wikipedia)
THREE = ["000003412113303", "102133430000000", "002134402113304"]


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
