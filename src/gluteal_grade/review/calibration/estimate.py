"""Edges of one scale with intervals, by leaving out each study once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gluteal_grade.review.calibration.model import EdgeFound, Paired
from gluteal_grade.statistics import Floats, Interval, fit_ordinal, jackknife_intervals


@dataclass(frozen=True)
class ReaderNoise:
    """Of each reader: SD about an edge at 50 % fat, and its growth with the fraction."""

    at_half: tuple[float, ...]
    growth: tuple[float, ...]


def reader_edges(paired: Paired, grade_count: int, weights: Floats, growth: Sequence[float] | None = None) -> tuple[Floats, ReaderNoise]:
    """Every reader's edges and noise.

    Args:
        paired: see there.
        grade_count: grades of the scale.
        weights: (weightings, studies): how often each study counts.
        growth: of each reader's noise with the fraction; None: found for each weighting.

    Returns:
        (weightings, readers, grades - 1) edges, NaN where a reader has none; the noise of the first weighting.
    """
    fits = []
    for n, column in enumerate(paired.grades.T):
        rated = np.isfinite(column)
        given = column[rated].astype(np.intp)
        of_ratings = weights[:, paired.study[rated]]
        known = None if growth is None else growth[n]
        fits.append(fit_ordinal(paired.values[rated], given, grade_count, of_ratings, growth=known))
    noise = ReaderNoise(tuple(float(fit.noise[0]) for fit in fits), tuple(float(fit.growth[0]) for fit in fits))
    return np.stack([fit.edges for fit in fits], axis=1), noise


def edges_found(paired: Paired, current: tuple[float, ...]) -> tuple[tuple[EdgeFound, ...], tuple[float, ...]]:
    """The mean of the readers' edges and each reader's own, with intervals; and the readers' noise.

    Each study is left out once, readers are not: the intervals are for these readers. How a reader's noise grows is found once.

    Args:
        paired: see there.
        current: edges of the profile in use; as many are looked for.
    """
    k, readers, studies = len(current), len(paired.readers), paired.studies
    whole = np.ones((1, studies))
    _, noise = reader_edges(paired, k + 1, whole)
    edges, _ = reader_edges(paired, k + 1, np.concatenate([whole, 1 - np.eye(studies)]), noise.growth)
    all_edges = np.concatenate([edges.mean(axis=1), edges.reshape(len(edges), -1)], axis=1)
    values, intervals = all_edges[0], jackknife_intervals(all_edges[0], all_edges[1:])
    found = []
    for n in range(k):
        places = [k + r * k + n for r in range(readers)]
        own: tuple[tuple[float, Interval], ...] = tuple((float(values[p]), intervals[p]) for p in places)
        spread = float(np.std([value for value, _ in own], ddof=1)) if readers > 1 else float("nan")
        found.append(EdgeFound(n, float(values[n]), intervals[n], own, spread, current[n]))
    return tuple(found), noise.at_half
