"""Cliff's delta against its definition, and bootstrap against other ways to the same interval."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from gluteal_grade.statistics.cliffs_delta import ordinal_groups, ordinal_pairs

GRADES = arrays(float, st.integers(5, 15), elements=st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0]))


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
