"""Bias and limits of agreement: against the worked example of the papers and a plain computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.statistics.intraclass import smallest_detectable_difference, sums
from gluteal_grade.statistics.limits import bland_altman, bland_altman_limits, summarised

# Bland & Altman 1986, table 1: peak flow, first readings, l/min
WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427], float)
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451], float)


def total(values: np.ndarray) -> np.ndarray:
    return sums(values, float(np.median(values))).sum(axis=0)


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


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=20))
def test_difference_of_two_raters(pairs: list[tuple[float, float]]) -> None:
    values = np.array(pairs)
    d = values[:, 0] - values[:, 1]
    bias, sd, _, _ = bland_altman(total(values))
    assert (bias, sd) == pytest.approx((d.mean(), d.std(ddof=1)), abs=1e-6)
    assert float(smallest_detectable_difference(total(values))) == pytest.approx(1.96 * d.std(ddof=1), abs=2e-6)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40))
def test_summary_of_differences(differences: list[float]) -> None:
    a = summarised(differences)
    assert a.low <= a.bias <= a.high
    assert a.rmse >= abs(a.bias) - 1e-9
    assert abs(a.worst) == pytest.approx(max(map(abs, differences)))
    assert (a.low + a.high) / 2 == pytest.approx(a.bias)


def test_one_difference_is_too_few() -> None:
    with pytest.raises(ValueError, match="two"):
        summarised([1.0])
