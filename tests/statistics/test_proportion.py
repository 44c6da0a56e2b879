"""Clopper and Pearson against tables."""

from __future__ import annotations

import pytest

from gluteal_grade.statistics.proportion import exact_interval


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (400, 400, 0.9908, 1.0)])
def test_exact_interval_against_tables(hits: int, n: int, low: float, high: float) -> None:
    assert exact_interval(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_nothing_seen_tells_nothing() -> None:
    assert exact_interval(0, 0) == (0.0, 1.0)
