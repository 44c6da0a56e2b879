"""Repeatability: hand-made numbers, and what simulated repeats of known variance give back."""

import math

import numpy as np
import pytest
from scipy import stats

from gluteal_grade.statistics import MIN_SUBJECTS, repeated

PAIRS = np.array([[10.0, 12.0], [20.0, 20.0], [31.0, 29.0], [40.0, 44.0], [52.0, 50.0], [61.0, 61.0]])


def test_by_hand() -> None:
    found = repeated(list(PAIRS), range(6))
    # variances of pairs: 2 0 2 8 2 0, mean 14/6
    assert found.freedom == 6
    assert found.wsd.value == pytest.approx(math.sqrt(14 / 6))
    assert found.rc.value == pytest.approx(1.96 * math.sqrt(2) * math.sqrt(14 / 6))
    # chi squared with 6 degrees: 14.449 and 1.2373
    assert found.wsd.low == pytest.approx(math.sqrt(14 / 14.4494), rel=1e-4)
    assert found.wsd.high == pytest.approx(math.sqrt(14 / 1.23734), rel=1e-4)
    cv = np.sqrt(np.mean(np.array([2, 0, 2, 8, 2, 0]) / PAIRS.mean(axis=1) ** 2))
    assert found.rms_cv.value == pytest.approx(100 * cv)
    d = PAIRS[:, 1] - PAIRS[:, 0]  # second less first
    assert found.bias.value == pytest.approx(d.mean())
    assert found.loa_high.value - found.loa_low.value == pytest.approx(2 * 1.96 * d.std(ddof=1))
    # exact limit by Carkeet 2015: noncentral t of 5 degrees at 1.96 sqrt(6), here by its distribution function
    assert (stats.nct.cdf((found.loa_high.high - d.mean()) / d.std(ddof=1) * math.sqrt(6), 5, 1.96 * math.sqrt(6))) == pytest.approx(0.975)
    assert found.loa_low.low - found.bias.value == pytest.approx(found.bias.value - found.loa_high.high)
    # mean squares of the two-way table, Shrout & Fleiss 1979
    rows, columns, n = 2 * PAIRS.mean(axis=1).var(ddof=1), 6 * PAIRS.mean(axis=0).var(ddof=1), 6
    error = (2 * 14 / 2 - columns) / (n - 1)  # within-subject squares less those of repeats
    assert found.icc_3_1.value == pytest.approx((rows - error) / (rows + error))
    assert found.icc_2_1.value == pytest.approx((rows - error) / (rows + error + 2 * (columns - error) / n))
    assert found.icc_2_1.low < found.icc_2_1.value < found.icc_2_1.high


def test_three_repeats_and_sessions() -> None:
    """Every unit counts for wSD; the first of a subject for bias and ICC."""
    rng = np.random.default_rng(3)
    units = [rng.normal(m, 2, 3 if k % 2 else 2) for k, m in enumerate(range(20, 140, 10))]
    found = repeated(units, [k // 2 for k in range(12)])
    assert (found.subjects, found.freedom) == (6, 18)
    alone = repeated(units[::2], range(6))
    assert found.bias == alone.bias
    assert found.icc_2_1 == alone.icc_2_1
    assert found.wsd != alone.wsd


def test_few_subjects_have_no_interval() -> None:
    found = repeated(list(PAIRS[: MIN_SUBJECTS - 1]), range(MIN_SUBJECTS - 1))
    assert found.few
    assert found.wsd.value > 0
    assert math.isnan(found.wsd.low)
    assert math.isnan(found.rms_cv.high)
    assert math.isnan(found.icc_2_1.value)
    # many sessions of few people are still few people
    assert repeated(list(PAIRS), [0, 0, 0, 1, 1, 1]).few


def test_nothing_between_repeats() -> None:
    found = repeated([np.array([v, v]) for v in (0.1, 0.3, 0.2, 0.5, 0.7)], range(5))
    assert found.wsd.value == 0
    assert math.isnan(found.wsd.low)
    assert found.rms_cv.value == 0


def test_spread_that_grows_is_told() -> None:
    rng = np.random.default_rng(1)
    means = np.linspace(10, 200, 60)
    found = repeated([m * (1 + 0.1 * rng.normal(size=2)) for m in means], range(60))
    assert found.tau > 0.2
    assert found.tau_p < 0.01


@pytest.mark.long
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_intervals_hold_the_truth(power: float) -> None:
    """400 simulations; `python -m gluteal_grade_lab measure repeatability` has 2,000 of more sizes."""
    from gluteal_grade_lab.measuring.repeatability import coverage

    held = coverage(subjects=12, repeats=2, power=power, simulations=400, seed=5)
    # 95 % and three standard errors of 400 simulations; that of the CV is made a little wide where the spread grows
    for name in ("bias", "rms_cv", *(("wsd", "rc", "loa_high") if power == 0 else ())):
        assert 0.917 <= held[name] <= (0.995 if name == "rms_cv" else 0.983), (name, held)


def test_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="two values"):
        repeated([np.array([1.0])], [0])
