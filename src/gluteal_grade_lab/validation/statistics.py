"""Agreement and reliability, with bootstrap by study: muscles of one study share its noise and anchors, so studies are what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bounds = tuple[float, float]

_SEED = 0xB007


@dataclass(frozen=True)
class Agreement:
    """Bland and Altman 1986: differences, measured minus true.

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


def agreement(differences: Sequence[float] | Floats) -> Agreement:
    """Of at least two differences.

    Raises:
        ValueError: fewer than two.
    """
    d = np.asarray(differences, float)
    if d.size < 2:
        raise ValueError("agreement needs two differences")
    bias, sd = float(d.mean()), float(d.std(ddof=1))
    return Agreement(d.size, bias, bias - 1.96 * sd, bias + 1.96 * sd, float(np.sqrt((d**2).mean())), float(d[np.abs(d).argmax()]))


def confusion(true: Ints, graded: Ints, grades: int) -> Ints:
    """(grades, grades) counts, true by graded."""
    return np.bincount(true * grades + graded, minlength=grades * grades).reshape(grades, grades)


def weighted_kappa(matrix: npt.NDArray[np.floating | np.integer], weights: Literal["linear", "quadratic"]) -> float:
    """Cohen's weighted kappa (1968) of a confusion matrix; NaN where all lies in one cell by chance alone."""
    m = np.asarray(matrix, float)
    total = m.sum()
    distance = np.abs(np.subtract.outer(np.arange(len(m)), np.arange(len(m)))).astype(float)
    if weights == "quadratic":
        distance **= 2
    expected = np.outer(m.sum(axis=1), m.sum(axis=0)) / total if total else m
    chance = float((distance * expected).sum())
    return 1 - float((distance * m).sum()) / chance if chance > 0 else float("nan")


def bootstrap(studies: npt.ArrayLike, statistic: Callable[[Ints], float], draws: int = 1000) -> Bounds:
    """95 % percentile interval of a statistic when whole studies are drawn with replacement.

    Args:
        studies: (n,) study of each row.
        statistic: of row numbers, repeats included; NaN draws are left out.
        draws: how many.
    """
    names, index = np.unique(np.asarray(studies), return_inverse=True)
    rows = [np.flatnonzero(index == k) for k in range(len(names))]
    rng = np.random.default_rng(_SEED)
    found = np.array([statistic(np.concatenate([rows[k] for k in rng.integers(len(rows), size=len(rows))])) for _ in range(draws)])
    found = found[np.isfinite(found)]
    return (float(np.percentile(found, 2.5)), float(np.percentile(found, 97.5))) if found.size else (float("nan"), float("nan"))


def exact_interval(hits: int, n: int) -> Bounds:
    """Clopper and Pearson 1934, 95 %."""
    if n == 0:
        return 0.0, 1.0
    low = float(beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def reliability(probabilities: Floats, hits: npt.NDArray[np.bool_], bins: Sequence[float]) -> list[tuple[float, float, int]]:
    """For each bin of stated probability: mean stated, share that came true, count; empty bins are left out."""
    which = np.clip(np.digitize(probabilities, bins) - 1, 0, len(bins) - 2)
    return [
        (float(probabilities[which == k].mean()), float(hits[which == k].mean()), int((which == k).sum()))
        for k in range(len(bins) - 1)
        if (which == k).any()
    ]
