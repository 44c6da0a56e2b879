"""Cumulative link model of one rater: the values at which a grade becomes the next (McCullagh 1980), for many weightings at once.

statsmodels' `OrderedModel` fits the same, once and without weights; leaving out each of many studies in turn needs this one.
tests/statistics/test_ordinal.py compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gluteal_grade.statistics._cumulative import TINY, SortedRatings, climbed, likelihood_of
from gluteal_grade.statistics.arrays import Floats, Ints

_AT_ONCE = 100_000  # numbers at once: they stay in the cache of the processor
_CLEARLY = 10.0  # of log-likelihood
_FIRST_NOISE = 0.08
GROWTHS = (0.0, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class OrdinalFit:
    """For each weighting, NaN where a grade has no weight or the grades do not rise with the value.

    Attributes:
        edges: (weightings, grades - 1) values at which half of the ratings are above.
        noise: (weightings,) SD of the rater about an edge at 0.5, in units of the value.
        growth: (weightings,) of that SD with the value.
        likelihood: (weightings,) its logarithm.
    """

    edges: Floats
    noise: Floats
    growth: Floats
    likelihood: Floats


def fit_ordinal(values: Floats, grades: Ints, grade_count: int, weights: Floats, *, growth: float | None = None) -> OrdinalFit:
    """Maximum likelihood of P(grade <= k) = Phi((edge k - value) / noise), the noise growing in proportion to 1 + growth x value.

    Args:
        values: (n,) what is graded.
        grades: (n,) from 0.
        grade_count: grades that the scale has.
        weights: (weightings, n) of each rating; all ones fits the ratings as they are.
        growth: 0: one noise everywhere, which is statsmodels' model; None: of `GROWTHS` the likeliest for each weighting. A rater who
            sees small fractions more exactly has a large one; taken for 0 it moves edges by up to a point of 100.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> values = rng.uniform(0, 1, 4000)
        >>> grades = np.digitize(values + rng.normal(0, 0.05, 4000), [0.2, 0.6])
        >>> fit = fit_ordinal(values, grades, 3, np.ones((1, 4000)))
        >>> fit.edges.round(2).tolist(), fit.noise.round(2).tolist()
        ([[0.2, 0.6]], [0.05])
    """
    if growth is None:
        growths = _likely(values, grades, grade_count, weights.mean(axis=0)) if len(weights) > 1 else GROWTHS
        every = [fit_ordinal(values, grades, grade_count, weights, growth=one) for one in growths]
        best = np.nan_to_num(np.stack([fit.likelihood for fit in every]), nan=-np.inf).argmax(axis=0)
        at = np.arange(len(weights))
        parts = (np.stack([getattr(fit, name) for fit in every])[best, at] for name in ("edges", "noise", "growth", "likelihood"))
        return OrdinalFit(*parts)
    order = np.argsort(grades, kind="stable")
    ends = np.searchsorted(grades[order], np.arange(grade_count + 1))
    one = SortedRatings(values[order], ends, growth)
    step = max(1, _AT_ONCE // max(len(values), 1))
    start = _start(one, weights.mean(axis=0, keepdims=True)[:, order])
    fits = [_fitted(one, weights[n : n + step][:, order], start) for n in range(0, len(weights), step)]
    edges, noise, likelihood = (np.concatenate([fit[n] for fit in fits]) for n in range(3))
    return OrdinalFit(edges, noise, np.full(len(weights), growth), likelihood)


def _likely(values: Floats, grades: Ints, grade_count: int, weights: Floats) -> list[float]:
    """Without those that all weightings together speak against so clearly that no single one will choose them."""
    found = [float(fit_ordinal(values, grades, grade_count, weights[None], growth=one).likelihood[0]) for one in GROWTHS]
    return [one for one, value in zip(GROWTHS, found, strict=True) if not value < np.fmax.reduce(found) - _CLEARLY]


def _start(one: SortedRatings, weights: Floats) -> Floats:
    """Thresholds and slope of all weightings together, (1, grades), climbed to from edges that share the values as the grades do."""
    counts = one.sums(weights)
    share = np.cumsum(counts, axis=1)[0, :-1] / max(float(counts.sum()), TINY)
    slope = one.at_half / _FIRST_NOISE
    at = np.append(slope * np.quantile(one.values, share) + np.linspace(0, 1e-3, len(share)), slope)[None]
    return climbed(one, weights, at) if (counts > 0).all() else at


def _fitted(one: SortedRatings, weights: Floats, start: Floats) -> tuple[Floats, Floats, Floats]:
    """Edges, noise, likelihood."""
    edges = np.full((len(weights), one.grades - 1), np.nan)
    noise, likelihood = np.full((2, len(weights)), np.nan)
    there = (one.sums(weights) > 0).all(axis=1)
    if there.any():
        at = climbed(one, weights[there], start)
        likelihood[there] = likelihood_of(one, weights[there], at)
        rising = at[:, -1] > one.at_half  # a noise of more than the whole range is none
        slope = np.where(rising, at[:, -1], np.nan)
        edges[there] = at[:, :-1] / slope[:, None]
        noise[there] = one.at_half / slope
    return edges, noise, likelihood
