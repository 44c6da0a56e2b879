"""Interval of a share."""

from __future__ import annotations

from scipy.stats import beta


def exact_interval(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of `hits` of `n` (Clopper & Pearson 1934)."""
    if n == 0:
        return 0.0, 1.0
    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return low, high
