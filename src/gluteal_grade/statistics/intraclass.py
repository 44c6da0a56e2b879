"""Agreement on a continuous scale: intraclass correlation and its mean squares.

All of it from sums over units, so that resampled studies cost a product of matrices.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import stats

from gluteal_grade.statistics.arrays import Floats

Z = 1.96
_NOTHING = 1e-12  # a share of the sum of squares that is rounding


class Squares(NamedTuple):
    """Mean squares of the two-way table, each (...): of units, raters, error; and how many units."""

    units: Floats
    raters: Floats
    error: Floats
    n: Floats


def sums(values: Floats, origin: float) -> Floats:
    """What `squares` needs of each unit, (units, raters + 3): one, values, their total squared, their squares.

    Args:
        values: (units, raters), none missing.
        origin: subtracted before squaring, so that digits are not lost; e.g. the mean.
    """
    x = values - origin
    return np.column_stack([np.ones(len(x)), x, x.sum(axis=1) ** 2, (x**2).sum(axis=1)])


def squares(total: Floats) -> Squares:
    """Mean squares from sums (..., raters + 3)."""
    n, by_rater, of_totals, of_all = total[..., 0], total[..., 1:-2], total[..., -2], total[..., -1]
    k = by_rater.shape[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = by_rater.sum(axis=-1) ** 2 / (n * k)
        units = of_totals / k - middle
        raters = (by_rater**2).sum(axis=-1) / n - middle
        whole = of_all - middle
        units, raters = (np.where(part < _NOTHING * whole, 0.0, part) for part in (units, raters))
        error = whole - units - raters
        error = np.where(error < _NOTHING * whole, 0.0, error)
        return Squares(units / (n - 1), raters / (k - 1), error / ((n - 1) * (k - 1)), n)


def icc(total: Floats, *, absolute: bool) -> Floats:
    """Intraclass correlation, single measure: two-way random, absolute agreement, ICC(2,1), or consistency, ICC(3,1).

    Shrout & Fleiss 1979; McGraw & Wong 1996, ICC(A,1) and ICC(C,1). NaN where all values are alike.
    """
    s, k = squares(total), total.shape[-1] - 3
    below = s.units + (k - 1) * s.error
    if absolute:
        below = below + k * (s.raters - s.error) / s.n
    found: Floats = np.divide(s.units - s.error, below, out=np.full(below.shape, np.nan), where=below > 0)
    return found


def icc_limits(total: Floats, *, absolute: bool) -> tuple[float, float]:
    """95 % limits by F (McGraw & Wong 1996, table 7), for units that are independent; NaN where there are none.

    Args:
        total: (raters + 3,) sums.
        absolute: of ICC(2,1); else of ICC(3,1).
    """
    units, raters, error, n = (float(v) for v in squares(total))
    k = len(total) - 3
    rho = float(icc(total, absolute=absolute))
    if not (error > 0 and rho < 1):
        return float("nan"), float("nan")
    if not absolute:
        low, high = units / error / _f(n - 1, (n - 1) * (k - 1)), units / error * _f((n - 1) * (k - 1), n - 1)
        return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)
    a, b = k * rho / (n * (1 - rho)), 1 + k * rho * (n - 1) / (n * (1 - rho))
    v = (a * raters + b * error) ** 2 / ((a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    down, up = _f(n - 1, v), _f(v, n - 1)
    rest = k * raters + (k * n - k - n) * error
    return n * (units - down * error) / (down * rest + n * units), n * (up * units - error) / (rest + n * up * units)


@lru_cache(maxsize=1024)
def _chi_squared(p: float, freedom: float) -> float:
    return float(stats.chi2.ppf(p, freedom))


@lru_cache(maxsize=1024)
def _f(above: float, below: float) -> float:
    return float(stats.f.ppf(0.975, above, below))


def smallest_detectable_difference(total: Floats) -> Floats:
    """1.96 sqrt(2) SEM, with SEM the root of the error mean square; of two raters 1.96 SD of the differences."""
    return np.asarray(Z * np.sqrt(2 * squares(total).error), np.float64)


def error_limits(value: float, freedom: float) -> tuple[float, float]:
    """95 % limits by chi squared of what is in proportion to the root of the error mean square, for units that are independent."""
    low, high = (float(value * np.sqrt(freedom / _chi_squared(p, freedom))) for p in (0.975, 0.025))
    return low, high
