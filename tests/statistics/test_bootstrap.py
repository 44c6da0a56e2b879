"""Intervals: against scipy's own bootstrap, and what may not change them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gluteal_grade.statistics.bootstrap import bca_intervals, jackknife_intervals, percentile_interval, resampled_rows, sums_by_cluster


def ratio(total: np.ndarray) -> np.ndarray:
    return (total[:, :1] / total[:, 1:]) ** 2


@pytest.fixture(scope="module")
def clusters() -> np.ndarray:
    rng = np.random.default_rng(5)
    n = rng.integers(1, 6, 40)
    return np.column_stack([rng.binomial(n, 0.8), n]).astype(float)


def test_as_scipy(clusters: np.ndarray) -> None:
    ours = bca_intervals(clusters, ratio, draws=20000, seed=1)[0]

    def squared(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        return (a.sum(axis=axis) / b.sum(axis=axis)) ** 2

    level = 1 - 2 * stats.norm.sf(stats.t.ppf(0.975, 39) * np.sqrt(40 / 39))  # Hesterberg 2015
    theirs = stats.bootstrap(
        tuple(clusters.T), squared, paired=True, n_resamples=20000, confidence_level=level, method="BCa", rng=np.random.default_rng(2)
    )
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.01)


def test_order_of_studies_does_not_matter(clusters: np.ndarray) -> None:
    assert bca_intervals(clusters, ratio, draws=500, seed=1) == bca_intervals(clusters[::-1], ratio, draws=500, seed=1)
    assert bca_intervals(clusters, ratio, draws=500, seed=1) != bca_intervals(clusters, ratio, draws=500, seed=2)


def test_studies_move_as_one() -> None:
    """Six equal units in each study: the interval is that of studies, not of six times as many."""
    rng = np.random.default_rng(0)
    one = np.column_stack([rng.integers(0, 2, 40), np.ones(40)]).astype(float)
    alone, six = (bca_intervals(c, ratio, draws=2000, seed=3)[0] for c in (one, 6 * one))
    assert (alone.low, alone.high) == (six.low, six.high)
    apart = bca_intervals(np.repeat(one, 6, axis=0), ratio, draws=2000, seed=3)[0]
    assert apart.high - apart.low < 0.6 * (six.high - six.low)


def test_sums_sums_by_cluster() -> None:
    rows = np.array([[1.0, 10], [2, 20], [4, 40]])
    assert sums_by_cluster(np.array([7, 3, 7]), rows).tolist() == [[2, 20], [5, 50]]
    assert sums_by_cluster(np.array([], np.intp), np.empty((0, 2))).shape == (0, 2)


def test_where_there_is_none() -> None:
    one = bca_intervals(np.array([[1.0, 2.0]]), ratio, draws=200, seed=1, unit="study")[0]
    assert np.isnan([one.low, one.high]).all()
    assert "one study" in one.note
    alike = bca_intervals(np.ones((9, 2)), ratio, draws=200, seed=1)[0]
    assert np.isnan(alike.low)
    assert "alike" in alike.note


def test_whole_clusters_vary_more_than_rows() -> None:
    rng = np.random.default_rng(1)
    study = np.repeat(np.arange(30), 6)
    values = rng.normal(size=30)[study] + 0.01 * rng.normal(size=180)
    together, apart = (resampled_rows(k, lambda i: float(values[i].mean()), draws=400, seed=0xB007) for k in (study, np.arange(180)))
    assert together[1] - together[0] > 1.8 * (apart[1] - apart[0])
    assert together[0] < values.mean() < together[1]


def test_percentiles_leave_out_what_is_not_defined() -> None:
    assert percentile_interval([np.nan, *range(101)]) == (2.5, 97.5)
    assert np.isnan(percentile_interval([np.nan])).all()


def test_the_jackknife_of_a_mean_is_its_t_interval() -> None:
    """Exactly, but for the degrees of freedom: those of flat values are all, those of one far value are few."""
    flat = np.repeat([-1.0, 1.0], 15)
    without = (flat.sum() - flat) / (len(flat) - 1)
    (found,) = jackknife_intervals(np.array([flat.mean()]), without[:, None])
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 29, flat.mean(), stats.sem(flat)))
    far = np.append(np.zeros(29), 30.0)
    without = (far.sum() - far) / (len(far) - 1)
    (wide,) = jackknife_intervals(np.array([far.mean()]), without[:, None])
    assert wide.high - wide.low > 1.8 * 2 * stats.t.ppf(0.975, 29) * stats.sem(far)


def test_the_jackknife_says_nothing_of_a_statistic_that_is_not_defined_without_a_cluster() -> None:
    (found,) = jackknife_intervals(np.array([1.0]), np.array([[1.0], [np.nan], [1.1]]))
    assert np.isnan(found.low)
    assert np.isnan(found.high)


@pytest.mark.parametrize("size", [15, 40])
def test_jackknife_intervals_hold_the_truth(size: int) -> None:
    """A ratio of sums of skewed clusters, 2,000 times."""
    rng = np.random.default_rng(size)
    held = []
    for _ in range(2000):
        below = rng.exponential(1, size) + 0.5
        above = 2 * below + rng.normal(0, 1, size)
        without = (above.sum() - above) / (below.sum() - below)
        (found,) = jackknife_intervals(np.array([above.sum() / below.sum()]), without[:, None])
        held.append(found.low <= 2 <= found.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
