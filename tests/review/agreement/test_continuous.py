"""Fractions: against worked examples of the papers and a plain computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gluteal_grade.review.agreement.continuous import (
    bland_altman,
    bland_altman_limits,
    icc,
    icc_limits,
    smallest_detectable_difference,
    squares,
    sums,
)  # fmt: skip

# Shrout & Fleiss 1979, table 2: 6 subjects, 4 judges
JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
# Bland & Altman 1986, table 1: peak flow, first readings, l/min
WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427], float)
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451], float)


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


def test_peak_flow_of_bland_and_altman() -> None:
    """1986: difference -2.1, SD 38.8; limits there with 2 SD (-79.7 and 75.5), here with 1.96 as in 1999."""
    bias, sd, low, high = bland_altman(total(np.column_stack([WRIGHT, MINI])))
    assert (bias, sd) == pytest.approx((-2.1, 38.8), abs=0.05)
    assert (bias - 2 * sd, bias + 2 * sd) == pytest.approx((-79.7, 75.5), abs=0.1)
    assert (low, high) == pytest.approx((bias - 1.96 * sd, bias + 1.96 * sd))
    of_bias, of_sd, of_low, of_high = bland_altman_limits(float(bias), float(sd), 17)
    assert of_bias == pytest.approx((-22.0, 17.8), abs=0.1)  # 1986
    # 1986 has -114.3 to -45.1 and 40.9 to 110.1, with 2 SD and sqrt(3 s2 / n)
    assert of_low == pytest.approx((-114.3, -45.1), abs=4.0)
    assert of_high == pytest.approx((40.9, 110.1), abs=4.0)
    assert of_sd[0] < sd < of_sd[1]


@given(arrays(float, st.tuples(st.integers(2, 12), st.integers(2, 4)), elements=st.floats(0, 1).map(lambda v: round(v, 3))))
def test_as_the_two_way_table_computed_plainly(values: np.ndarray) -> None:
    n, k = values.shape
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
    ms = (
        k * values.mean(axis=1).var(ddof=1), n * values.mean(axis=0).var(ddof=1), (rest**2).sum() / ((n - 1) * (k - 1))
    )  # fmt: skip
    assert tuple(squares(total(values, 0.25)))[:3] == pytest.approx(ms, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=20))
def test_difference_of_two_raters(pairs: list[tuple[float, float]]) -> None:
    values = np.array(pairs)
    d = values[:, 0] - values[:, 1]
    bias, sd, _, _ = bland_altman(total(values))
    assert (bias, sd) == pytest.approx((d.mean(), d.std(ddof=1)), abs=1e-6)
    assert float(smallest_detectable_difference(total(values))) == pytest.approx(1.96 * d.std(ddof=1), abs=2e-6)


def test_alike() -> None:
    same = np.column_stack([JUDGES[:, 0]] * 2)
    assert float(icc(total(same), absolute=True)) == 1
    assert np.isnan(icc_limits(total(same), absolute=True)).all()
    assert np.isnan(icc(total(np.full((5, 2), 0.3)), absolute=True))


def test_a_constant_offset_costs_absolute_agreement_alone() -> None:
    shifted = np.column_stack([JUDGES[:, 0], JUDGES[:, 0] + 2])
    assert float(icc(total(shifted), absolute=False)) == pytest.approx(1)
    assert float(icc(total(shifted), absolute=True)) < 0.7
