"""Differences of two measurements: bias and limits of agreement (Bland & Altman 1986, 1999)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from scipy import stats

from gluteal_grade.statistics.arrays import Floats
from gluteal_grade.statistics.intraclass import Z, error_limits, squares

_Number = TypeVar("_Number", float, Floats)


@dataclass(frozen=True)
class Differences:
    """What differences, first less second, amount to.

    Attributes:
        n: how many.
        bias: mean difference.
        low, high: limits of agreement, bias -+ 1.96 SD.
        rmse: root of the mean square.
        worst: largest by magnitude, signed.
    """

    n: int
    bias: float
    low: float
    high: float
    rmse: float
    worst: float


def summarised(differences: Sequence[float] | Floats) -> Differences:
    """Of at least two differences.

    Raises:
        ValueError: fewer than two.
    """
    d = np.asarray(differences, float)
    if d.size < 2:
        raise ValueError("limits of agreement need two differences")
    bias = float(d.mean())
    return Differences(d.size, bias, *_limits(bias, float(d.std(ddof=1))), float(np.sqrt((d**2).mean())), float(d[np.abs(d).argmax()]))


def bland_altman(total: Floats) -> Floats:
    """Bias (first less second), SD of differences, lower and upper limit of agreement (Bland & Altman 1999); (..., 4) of sums of two."""
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = (total[..., 1] - total[..., 2]) / total[..., 0]
    sd = np.sqrt(2 * squares(total).error)
    return np.stack([bias, sd, *_limits(bias, sd)], axis=-1)


def bland_altman_limits(bias: float, sd: float, n: int) -> tuple[tuple[float, float], ...]:
    """95 % limits of bias, SD, lower and upper limit of agreement, of n independent differences.

    Bias and limits: t with the standard errors of Bland & Altman 1999 (section 2); SD: chi squared.
    """
    t = _student(n - 1)
    of_bias = t * sd / np.sqrt(n)
    of_limit = t * sd * np.sqrt(1 / n + Z**2 / (2 * (n - 1)))
    low, high = _limits(bias, sd)
    ends = ((bias, of_bias), (low, of_limit), (high, of_limit))
    about = [(float(at - half), float(at + half)) for at, half in ends]
    return about[0], error_limits(sd, n - 1), about[1], about[2]


@lru_cache(maxsize=1024)
def _student(freedom: int) -> float:
    return float(stats.t.ppf(0.975, freedom))


def _limits(bias: _Number, sd: _Number) -> tuple[_Number, _Number]:
    return bias - Z * sd, bias + Z * sd
