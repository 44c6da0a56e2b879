"""Percentile curves: known populations come back; the likelihood's slopes are its slopes."""

import numpy as np
import pytest
from scipy import stats

from gluteal_grade.statistics import fit_lms
from gluteal_grade.statistics.lms import _log_likelihood, _slopes


@pytest.mark.parametrize("power", [0.7, 0.0, -1.3])
def test_slopes(power: float) -> None:
    y, step = np.log(np.array([0.1, 0.2, 0.35])), 1e-5
    at = (np.full(3, -1.7), np.full(3, -1.0), power)

    def value(m: float, s: float, p: float):
        return _log_likelihood(y, at[0] + m, at[1] + s, power + p)

    ways = ((step, 0, 0), (0, step, 0), (0, 0, step))
    for slope, (m, s, p) in zip(_slopes(y, *at), ways, strict=True):
        assert slope == pytest.approx((value(m, s, p) - value(-m, -s, -p)) / (2 * step), abs=1e-5)


def test_the_likelihood_is_that_of_a_log_normal_where_the_power_is_nought_and_of_a_normal_where_it_is_one() -> None:
    y = np.array([0.5, 1.0, 3.0])
    assert _log_likelihood(np.log(y), np.log(2.0), np.log(0.4), 0.0) == pytest.approx(stats.lognorm.logpdf(y, 0.4, scale=2.0))
    assert _log_likelihood(np.log(y), np.log(2.0), np.log(0.4), 1.0) == pytest.approx(stats.norm.logpdf(y, 2.0, 0.8))


def test_a_line_is_found_and_its_error_shrinks_with_people() -> None:
    rng, errors = np.random.default_rng(3), []
    for n in (100, 1600):
        age = rng.uniform(20, 80, n)
        values = np.exp(5 + 0.01 * age + 0.2 * rng.normal(size=n))
        found = fit_lms(age, values, np.ones(n))
        assert found is not None
        at = np.array([30.0, 50.0, 70.0])
        for p in (5, 50, 95):
            truth = np.exp(5 + 0.01 * at + 0.2 * stats.norm.ppf(p / 100))
            assert found.percentile(p, at) == pytest.approx(truth, rel=4 * 0.35 / np.sqrt(n))
        errors.append(found.error(50, at)[1])
    assert 3 < errors[0] / errors[1] < 5.5


def test_both_sides_of_a_person_count_as_one_person() -> None:
    rng = np.random.default_rng(4)
    age = rng.uniform(20, 80, 80)
    values = np.exp(5 + 0.01 * age + 0.2 * rng.normal(size=80))
    once = fit_lms(age, values, np.ones(80))
    twice = fit_lms(np.repeat(age, 2), np.repeat(values, 2), np.full(160, 0.5))
    assert once is not None
    assert twice is not None
    at = np.array([50.0])
    assert twice.percentile(95, at) == pytest.approx(once.percentile(95, at), rel=1e-3)
    assert twice.error(95, at) == pytest.approx(once.error(95, at), rel=0.02)


def test_people_of_one_age_and_values_that_do_not_vary() -> None:
    rng = np.random.default_rng(5)
    found = fit_lms(np.full(50, 40.0), np.exp(rng.normal(size=50)), np.ones(50))
    assert found is not None
    assert (found.median, found.spread) == ("constant", "constant")
    assert fit_lms(rng.uniform(20, 80, 50), np.full(50, 3.0), np.ones(50)) is None
