"""Intervals, kappas and probabilities of cohorts whose errors are known."""

import re

import numpy as np
import pytest

from gluteal_grade_lab.validation.grade_tables import coverage, kappas, reliability, stated
from tests.lab.validation.records import COHORT, cells, record


def test_intervals_of_the_right_width_hold_95_percent_and_narrow_ones_fewer():
    held = float(cells(coverage(COHORT, "true"), "Dixon", "all")[3].rstrip("%"))
    assert held == pytest.approx(95, abs=3)
    narrow = [record(seed, truth_sd=2.0) for seed in range(80)]
    assert float(cells(coverage(narrow, "true"), "Dixon", "all")[3].rstrip("%")) < 80


def test_kappa_of_an_exact_cohort_is_one():
    exact = [record(seed, truth_sd=0.0) for seed in range(6)]
    assert cells(kappas(exact, "true"), "Dixon", "quartile")[3].startswith("1.000 (1.000")
    assert not kappas([record(1, fat="wide")], "true"), "prevalence as in patients only"


def test_stated_probabilities_come_true():
    bins = re.findall(r"([\d.]+) → ([\d.]+) \((\d+)\)", stated(COHORT, "true"))
    assert len(bins) >= 3
    for p, share, n in bins:
        assert abs(float(p) - float(share)) < 3 * np.sqrt(0.25 / int(n)) + 0.02


def test_reliability_bins():
    p = np.array([0.55, 0.9, 0.92, 1.0])
    assert reliability(p, np.array([True, False, True, True]), (0.5, 0.8, 1.0)) == [
        (0.55, 1.0, 1),
        (pytest.approx(0.94), pytest.approx(2 / 3), 3),
    ]
