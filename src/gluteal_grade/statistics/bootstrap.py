"""Intervals by resampling clusters (studies, patients), or leaving out each once: what belongs to one goes together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from gluteal_grade.statistics.arrays import Floats, Ints

Statistic = Callable[[Floats], Floats]  # (draws, d) sums to (draws, q) statistics

_AT_ONCE = 4_000_000  # numbers in memory
_ENOUGH = 0.5  # share of draws in which the statistic must exist
_TOLD = 0.95  # below, the note says so


@dataclass(frozen=True)
class Interval:
    """Of one statistic; NaN and why where there is none. `note` also tells what to know of one that stands."""

    low: float
    high: float
    note: str = ""


def sums_by_cluster(cluster: Ints, rows: Floats) -> Floats:
    """Rows (n, d) of clusters (n,) become sums, (clusters, d)."""
    order = np.argsort(cluster, kind="stable")
    _, starts = np.unique(cluster[order], return_index=True)
    return np.add.reduceat(rows[order], starts, axis=0) if len(rows) else rows


def bca_intervals(clusters: Floats, statistic: Statistic, *, draws: int, seed: int, unit: str = "cluster") -> list[Interval]:
    """95 % intervals, bias-corrected and accelerated (Efron 1987), expanded for few clusters (Hesterberg 2015), one for each statistic.

    Clusters that are alike are drawn together, and all are sorted first: neither the order of rows nor the names of clusters matter.

    Args:
        clusters: (clusters, d) sums of each.
        statistic: of summed clusters.
        draws: how many resamples.
        seed: start of the generator.
        unit: what notes call a cluster.
    """
    alike, many = np.unique(clusters, axis=0, return_counts=True)
    number, total = int(many.sum()), many @ alike
    estimate = statistic(total[None])[0]
    if number < 2:
        return [Interval(np.nan, np.nan, f"one {unit}: no interval")] * len(estimate)
    rng = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // len(alike))
    sizes = [min(step, draws - done) for done in range(0, draws, step)]
    drawn = np.concatenate([statistic(rng.multinomial(number, many / number, size) @ alike) for size in sizes])
    without = statistic(total - alike)
    return [_bca(float(e), drawn[:, i], without[:, i], many) for i, e in enumerate(estimate)]


def jackknife_intervals(values: Floats, without: Floats) -> list[Interval]:
    """95 % intervals from statistics without one cluster each (Tukey 1958), by t.

    The degrees of freedom are those of the variance (Satterthwaite 1946, by the kurtosis of what each cluster adds): fewer than clusters
    where a few of them settle the statistic. For a statistic that many clusters settle smoothly; it is as exact as a bootstrap of many
    thousand resamples, and wider with few clusters.

    Args:
        values: (q,) the statistics.
        without: (clusters, q) of them without each cluster.
    """
    n = len(without)
    off = without - without.mean(axis=0)
    squares, fourths = (off**2).sum(axis=0), (off**4).sum(axis=0)
    error = np.sqrt((n - 1) / n * squares)
    with np.errstate(invalid="ignore", divide="ignore"):
        kurtosis = n * fourths / squares**2
        freedom = np.clip(2 * n / (kurtosis - 1), 1, n - 1)
    reach = special.stdtrit(freedom, 0.975) * error
    return [Interval(float(v - r), float(v + r)) for v, r in zip(values, reach, strict=True)]


def percentile_interval(drawn: npt.ArrayLike) -> tuple[float, float]:
    """95 % interval from values of resamples: their 2.5 and 97.5 % points; NaN where none is finite."""
    values = np.asarray(drawn, float)
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, [2.5, 97.5]) if values.size else (np.nan, np.nan)
    return float(low), float(high)


def resampled_rows(cluster: npt.ArrayLike, statistic: Callable[[Ints], float], *, draws: int, seed: int) -> tuple[float, float]:
    """95 % percentile interval of a statistic of rows when whole clusters are drawn with replacement.

    Args:
        cluster: (n,) cluster of each row.
        statistic: of row numbers, repeats included; NaN draws are left out.
        draws: how many.
        seed: start of the generator.
    """
    names, index = np.unique(np.asarray(cluster), return_inverse=True)
    rows = [np.flatnonzero(index == k) for k in range(len(names))]
    rng = np.random.default_rng(seed)
    return percentile_interval(
        [statistic(np.concatenate([rows[k] for k in rng.integers(len(rows), size=len(rows))])) for _ in range(draws)]
    )


def _bca(estimate: float, drawn: Floats, without: Floats, many: Ints) -> Interval:
    number = int(many.sum())
    there = drawn[np.isfinite(drawn)]
    if not np.isfinite(estimate):
        return Interval(np.nan, np.nan)
    if len(there) < _ENOUGH * len(drawn):
        return Interval(np.nan, np.nan, "not defined in most resamples: no interval")
    if np.ptp(there) < 1e-12:
        return Interval(np.nan, np.nan, "all resamples alike: no interval")
    share = len(there) / len(drawn)
    note = f"interval from the {100 * share:.0f} % of resamples where it is defined" if share < _TOLD else ""
    below = ((there < estimate - 1e-12).mean() + (there <= estimate + 1e-12).mean()) / 2  # of ties half
    z0 = special.ndtri(np.clip(below, 0.5 / len(there), 1 - 0.5 / len(there)))
    a = _acceleration(without, many)
    wide = special.stdtrit(number - 1, 0.975) * np.sqrt(number / (number - 1))  # for 1.96: few clusters spread too little
    z = z0 + np.array([-wide, wide])
    low, high = np.quantile(there, special.ndtr(z0 + z / np.maximum(1 - a * z, 1e-3)))
    return Interval(float(low), float(high), note)


def _acceleration(without: Floats, many: Ints) -> float:
    """From the statistic without each cluster; 0 where it does not exist without one of them."""
    if not np.isfinite(without).all():
        return 0.0
    lost = np.average(without, weights=many) - without
    spread = (many * lost**2).sum()
    return float((many * lost**3).sum() / (6 * spread**1.5)) if spread > 1e-24 else 0.0
