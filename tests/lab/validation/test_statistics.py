import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade_lab.validation.statistics import agreement, bootstrap, confusion, exact_interval, reliability, weighted_kappa

counts = st.lists(st.integers(0, 50), min_size=9, max_size=9).map(lambda c: np.array(c).reshape(3, 3))


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50), st.integers(1, 50))
def test_two_grades_are_cohens_kappa(a, b, c, d):
    n = a + b + c + d
    observed, chance = (a + d) / n, ((a + b) * (a + c) + (c + d) * (b + d)) / n**2
    matrix = np.array([[a, b], [c, d]])
    for weights in ("linear", "quadratic"):
        assert weighted_kappa(matrix, weights) == pytest.approx((observed - chance) / (1 - chance))


@given(counts)
def test_kappa_is_one_only_on_the_diagonal_and_symmetric(matrix):
    for weights in ("linear", "quadratic"):
        kappa = weighted_kappa(matrix, weights)
        assert np.isnan(kappa) or kappa <= 1 + 1e-12
        assert weighted_kappa(matrix.T, weights) == pytest.approx(kappa, nan_ok=True)
        assert weighted_kappa(np.diag([3, 4, 5]), weights) == 1


def test_a_far_miss_costs_more_with_squares():
    far = np.array([[10, 0, 2], [0, 10, 0], [0, 0, 10]])
    near = np.array([[10, 2, 0], [0, 10, 0], [0, 0, 10]])
    assert weighted_kappa(far, "quadratic") < weighted_kappa(far, "linear") < weighted_kappa(near, "linear")


def test_confusion_counts_true_by_graded():
    assert confusion(np.array([0, 0, 2]), np.array([0, 1, 2]), 3).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40))
def test_agreement(differences):
    a = agreement(differences)
    assert a.low <= a.bias <= a.high
    assert a.rmse >= abs(a.bias) - 1e-9
    assert abs(a.worst) == pytest.approx(max(map(abs, differences)))


def test_one_difference_is_too_few():
    with pytest.raises(ValueError, match="two"):
        agreement([1.0])


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (400, 400, 0.9908, 1.0)])
def test_exact_interval_against_tables(hits, n, low, high):
    assert exact_interval(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_bootstrap_by_study_is_wider_than_by_row():
    rng = np.random.default_rng(1)
    study = np.repeat(np.arange(30), 6)
    values = rng.normal(size=30)[study] + 0.01 * rng.normal(size=180)
    together, apart = (bootstrap(k, lambda i: float(values[i].mean()), 400) for k in (study, np.arange(180)))
    assert together[1] - together[0] > 1.8 * (apart[1] - apart[0])
    assert together[0] < values.mean() < together[1]


def test_reliability_bins():
    p = np.array([0.55, 0.9, 0.92, 1.0])
    assert reliability(p, np.array([True, False, True, True]), (0.5, 0.8, 1.0)) == [
        (0.55, 1.0, 1),
        (pytest.approx(0.94), pytest.approx(2 / 3), 3),
    ]
