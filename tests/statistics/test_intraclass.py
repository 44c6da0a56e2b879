"""Fractions: against worked examples of the papers and a plain computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gluteal_grade.statistics.intraclass import icc, icc_limits, squares, sums

# Shrout & Fleiss 1979, table 2: 6 subjects, 4 judges
JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)


def total(values: np.ndarray, origin: float | None = None) -> np.ndarray:
    return sums(values, float(np.median(values)) if origin is None else origin).sum(axis=0)


def test_shrout_and_fleiss_1979() -> None:
    found = squares(total(JUDGES))
    assert (found.units, found.raters, found.error) == pytest.approx((11.24, 32.49, 1.02), abs=5e-3)
    assert float(icc(total(JUDGES), absolute=True)) == pytest.approx(0.29, abs=5e-3)
    assert float(icc(total(JUDGES), absolute=False)) == pytest.approx(0.71, abs=5e-3)


def test_limits_by_f() -> None:
    """As R's psych::ICC prints for the same table: 0.019 to 0.761 and 0.342 to 0.946."""
    assert icc_limits(total(JUDGES), absolute=True) == pytest.approx((0.019, 0.761), abs=6e-4)
    assert icc_limits(total(JUDGES), absolute=False) == pytest.approx((0.342, 0.946), abs=6e-4)


@given(arrays(float, st.tuples(st.integers(2, 12), st.integers(2, 4)), elements=st.floats(0, 1).map(lambda v: round(v, 3))))
def test_as_the_two_way_table_computed_plainly(values: np.ndarray) -> None:
    n, k = values.shape
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
    ms = (
        k * values.mean(axis=1).var(ddof=1), n * values.mean(axis=0).var(ddof=1), (rest**2).sum() / ((n - 1) * (k - 1))
    )  # fmt: skip
    assert tuple(squares(total(values, 0.25)))[:3] == pytest.approx(ms, abs=1e-9)


def test_alike() -> None:
    same = np.column_stack([JUDGES[:, 0]] * 2)
    assert float(icc(total(same), absolute=True)) == 1
    assert np.isnan(icc_limits(total(same), absolute=True)).all()
    assert np.isnan(icc(total(np.full((5, 2), 0.3)), absolute=True))


def test_a_constant_offset_costs_absolute_agreement_alone() -> None:
    shifted = np.column_stack([JUDGES[:, 0], JUDGES[:, 0] + 2])
    assert float(icc(total(shifted), absolute=False)) == pytest.approx(1)
    assert float(icc(total(shifted), absolute=True)) < 0.7
