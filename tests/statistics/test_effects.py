"""Effect sizes against published examples, other formulae and known truth."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from gluteal_grade.statistics.effects import (
    Effect,
    correction,
    holm,
    noncentrality,
    ordinal_groups,
    ordinal_pairs,
    paired,
    two_groups,
    wilcoxon,
)

GRADES = arrays(float, st.integers(5, 15), elements=st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0]))


def test_sleep_data_of_student_paired() -> None:
    """Student 1908, Cushny and Peebles' hours of sleep: t = -4.0621, p = 0.002833, interval -2.4599 to -0.7001 (R: ?t.test)."""
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    f = paired(first - second)
    assert (f.n_a, f.reason) == (10, "")
    assert (f.estimate, f.low, f.high) == pytest.approx((-1.58, -2.4598858, -0.7001142), abs=1e-6)
    assert f.p == pytest.approx(0.00283289, abs=1e-7)
    assert f.effect_size == pytest.approx(-4.062127683 / math.sqrt(10), abs=1e-8)
    assert f.p_check == stats.wilcoxon((first - second)[(first - second) != 0]).pvalue


def test_sleep_data_of_student_unpaired() -> None:
    """The same numbers as two groups, as R prints them: t = -1.8608, df = 17.776, p = 0.07939, interval -3.3655 to 0.2055."""
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    f = two_groups(first, second)
    assert (f.estimate, f.low, f.high, f.p) == pytest.approx((-1.58, -3.365483, 0.205483, 0.07939414), abs=1e-6)
    d = -1.58 / math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    assert f.effect_size == pytest.approx(d * (1 - 3 / (4 * 18 - 1)), abs=2e-4)  # Hedges' approximate factor


@pytest.mark.parametrize("df", [2, 3, 10, 18, 50, 300])
def test_correction_takes_the_bias_of_d(df: int) -> None:
    """The mean of a noncentral t is its noncentrality over J (Hedges 1981); 1 - 3 / (4 df - 1) is his approximation."""
    assert correction(df) == pytest.approx(1.3 / stats.nct.mean(df, 1.3), rel=1e-9)
    assert correction(df) == pytest.approx(1 - 3 / (4 * df - 1), abs=0.02 / df)


@pytest.mark.parametrize(("t", "df"), [(0.0, 9), (2.5, 18), (-2.5, 18), (12.0, 30), (200.0, 400), (1000.0, 9)])
def test_noncentrality_puts_t_at_its_limits(t: float, df: int) -> None:
    low, high = noncentrality(t, df)
    assert low < t < high or t == 1000.0
    assert stats.nct.sf(abs(t), df, low if t >= 0 else -high) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(abs(t), df, high if t >= 0 else -low) == pytest.approx(0.025, abs=1e-6)


def test_holm_by_hand_and_passes_over_nan() -> None:
    got = holm([0.01, 0.04, math.nan, 0.03, 0.005])
    assert math.isnan(got[2])
    assert got[[0, 1, 3, 4]] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert np.isnan(holm([math.nan, math.nan])).all()
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # by hand
    assert holm([]).size == 0


SAMPLE = arrays(float, st.integers(5, 12), elements=st.floats(-50, 50).map(lambda v: round(v, 3)))


@settings(max_examples=40)
@given(SAMPLE, SAMPLE, st.floats(-1000, 1000))
def test_swapping_flips_and_a_constant_changes_nothing(a: np.ndarray, b: np.ndarray, constant: float) -> None:
    here, there, moved = two_groups(a, b), two_groups(b, a), two_groups(a + constant, b + constant)
    flipped = [-there.estimate, -there.high, -there.low, -there.effect_size, -there.effect_high, -there.effect_low]
    numbers = [here.estimate, here.low, here.high, here.effect_size, here.effect_low, here.effect_high]
    assert numbers == pytest.approx(flipped, rel=1e-6, abs=1e-6, nan_ok=True)
    assert here.p == pytest.approx(there.p, rel=1e-6, nan_ok=True)
    if not here.reason:
        assert [moved.estimate, moved.low, moved.high, moved.effect_size] == pytest.approx(numbers[:4], rel=1e-5, abs=1e-6)
        assert here.low <= here.estimate <= here.high
        assert here.effect_low <= here.effect_high


@settings(max_examples=40)
@given(SAMPLE)
def test_paired_flips(d: np.ndarray) -> None:
    here, there = paired(d), paired(-d)
    assert [here.estimate, here.low, here.effect_size, here.effect_low] == pytest.approx(
        [-there.estimate, -there.high, -there.effect_size, -there.effect_high], rel=1e-6, abs=1e-9, nan_ok=True
    )
    assert bool(here.reason) == (len(d) < 6 or np.ptp(d) == 0)


def _numbers(found: object) -> list[str]:
    return [k for k, v in asdict(found).items() if isinstance(v, float) and math.isfinite(v)]  # type: ignore[call-overload]


def test_too_few_give_no_number() -> None:
    assert _numbers(paired(np.array([1.0, 2, 3, 4, 7]))) == []
    assert "fewer than 6" in paired(np.array([1.0, 2, 3, 4, 7])).reason
    assert _numbers(two_groups(np.arange(4.0), np.arange(9.0))) == []
    assert _numbers(two_groups(np.array([]), np.array([]))) == []


def test_no_spread_gives_the_difference_and_no_more() -> None:
    assert _numbers(paired(np.full(8, 0.1) * 3)) == ["estimate"]
    f = two_groups(np.full(6, 3.0), np.full(7, 1.0))
    assert (_numbers(f), f.estimate) == (["estimate"], 2.0)
    assert "no spread" in f.reason
    assert math.isfinite(two_groups(np.full(6, 3.0), np.arange(7.0)).effect_size)  # one group varies


def held(found: list[Effect], delta: float) -> float:
    return float(np.mean([f.effect_low <= delta <= f.effect_high for f in found]))


@pytest.mark.parametrize(("na", "nb", "delta"), [(10, 10, 0.8), (30, 12, 1.5)])
def test_interval_of_g_holds_the_truth(na: int, nb: int, delta: float) -> None:
    rng = np.random.default_rng(11)
    assert 0.90 <= held([two_groups(rng.normal(delta, 1, na), rng.normal(0, 1, nb)) for _ in range(200)], delta) <= 0.99


def test_interval_of_dz_holds_the_truth() -> None:
    rng = np.random.default_rng(12)
    assert 0.90 <= held([paired(rng.normal(0.6, 1, 12)) for _ in range(200)], 0.6) <= 0.99


@settings(max_examples=50)
@given(GRADES, GRADES)
def test_delta_by_definition_and_swapped(a: np.ndarray, b: np.ndarray) -> None:
    f, swapped = ordinal_groups(a, b, 200, 7), ordinal_groups(b, a, 200, 7)
    more = sum(x > y for x in a for y in b)
    less = sum(x < y for x in a for y in b)
    assert f.effect_size == pytest.approx((more - less) / (len(a) * len(b)), abs=1e-12)
    assert f.estimate == pytest.approx((f.effect_size + 1) / 2)
    assert swapped.effect_size == pytest.approx(-f.effect_size, abs=1e-12)
    if math.isfinite(f.effect_low):
        assert f.effect_low <= f.effect_high
        assert f.p == stats.mannwhitneyu(a, b).pvalue
        assert f.estimate == pytest.approx(stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)))


def test_bootstrap_is_that_of_drawn_patients() -> None:
    """The counts drawn here against patients drawn one by one."""
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 5, 14).astype(float), rng.integers(1, 5, 11).astype(float)
    f = ordinal_groups(a, b, 20000, 5)
    drawn = []
    for _ in range(4000):
        x, y = rng.choice(a, len(a)), rng.choice(b, len(b))
        drawn.append(np.sign(np.subtract.outer(x, y)).mean())
    assert (f.effect_low, f.effect_high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.03)
    assert ordinal_groups(a, b, 20000, 5) == f  # the seed is fixed


def test_pairs_by_hand() -> None:
    d = np.array([1.0, 1, 2, 0, -1, 1, 0, 3])
    f = ordinal_pairs(d, 20000, 1)
    assert f.effect_size == 0.5  # five up, one down, of eight
    assert f.p == pytest.approx(2 * (1 + 6) / 2**6)  # of six that differ, at most one down, both ways
    drawn = np.sign(np.random.default_rng(9).choice(d, (20000, 8))).mean(axis=1)
    assert (f.effect_low, f.effect_high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.13)  # steps of 1/8
    assert ordinal_pairs(-d, 20000, 1).effect_size == -0.5


def test_no_interval_where_the_bootstrap_cannot_tell() -> None:
    apart = ordinal_groups(np.full(5, 4.0), np.array([0.0, 1, 1, 2, 3]), 100, 1)
    assert apart.effect_size == 1.0
    assert math.isnan(apart.effect_low)
    assert "do not overlap" in apart.reason
    assert apart.p == stats.mannwhitneyu(np.full(5, 4.0), [0.0, 1, 1, 2, 3]).pvalue
    same = ordinal_groups(np.full(5, 2.0), np.full(6, 2.0), 100, 1)
    assert (same.effect_size, same.estimate) == (0.0, 0.5)
    assert math.isnan(same.p)
    assert math.isnan(same.effect_low)
    alike = ordinal_pairs(np.ones(7), 100, 1)
    assert alike.effect_size == 1.0
    assert math.isnan(alike.effect_high)
    assert alike.p == pytest.approx(2 / 2**7)
    nothing = ordinal_pairs(np.zeros(7), 100, 1)
    assert math.isnan(nothing.p)
    assert ordinal_pairs(np.ones(5), 100, 1).reason == "fewer than 6 pairs"
    assert math.isnan(ordinal_groups(np.ones(4), np.zeros(9), 100, 1).effect_size)


def test_bootstrap_interval_holds_the_truth() -> None:
    rng = np.random.default_rng(4)
    edges = [-1.0, 0.0, 1.0]
    many = np.digitize(rng.normal(0.7, 1, 400000), edges), np.digitize(rng.normal(0, 1, 400000), edges)
    truth = np.sign(many[0] - many[1]).mean()
    found = [
        ordinal_groups(np.digitize(rng.normal(0.7, 1, 25), edges) * 1.0, np.digitize(rng.normal(0, 1, 20), edges) * 1.0, 500, 1)
        for _ in range(300)
    ]
    assert 0.90 <= np.mean([f.effect_low <= truth <= f.effect_high for f in found]) <= 0.99


@pytest.mark.parametrize("seed", range(3))
def test_signed_ranks_with_ties_are_those_of_all_permutations(seed: int) -> None:
    d = np.random.default_rng(seed).integers(-2, 3, 9) / 2 + 0.25
    assert len(np.unique(np.abs(d))) < len(d)
    assert wilcoxon(d) == stats.wilcoxon(d, method=stats.PermutationMethod()).pvalue
    assert wilcoxon(-d) == wilcoxon(d)
    assert wilcoxon(np.append(d, [0.0, 1e-12])) == wilcoxon(d)  # zeros are left out
