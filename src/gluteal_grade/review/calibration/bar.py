"""Program against reader beside reader against reader, on studies that had no part in the edges."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from gluteal_grade.grading import Profile
from gluteal_grade.review.calibration.estimate import reader_edges
from gluteal_grade.review.calibration.model import Bar, CalibrationOptions, Kappa, Paired
from gluteal_grade.statistics import Floats, Interval, Ints, bca_intervals, kappa, sums_by_cluster

_MEANS = ("mean of reader vs program", "mean of reader vs reader", "mean with edges in use", "difference")
NEW, CURRENT = "program, kept back", "program, edges in use"


def bar_of(paired: Paired, profile: Profile, options: CalibrationOptions) -> Bar:
    """Each study is graded by edges that were fitted without it; all comparisons are on the muscles that every reader graded."""
    k, readers = len(profile.edges), list(paired.readers)
    edges, _ = reader_edges(paired, k + 1, 1 - np.eye(paired.studies))
    rows = np.isfinite(paired.grades).all(axis=1)
    study, values = paired.study[rows], paired.values[rows]
    program = graded(values, edges.mean(axis=1)[study], profile)
    now = graded(values, np.array([edge.at for edge in profile.edges])[None], profile)
    given = {name: paired.grades[rows, n].astype(np.intp) for n, name in enumerate(readers)}
    ours = [(f"{name} vs {NEW}", given[name], program) for name in readers]
    theirs = [(f"{a} vs {b}", given[a], given[b]) for a, b in combinations(readers, 2)]
    before = [(f"{name} vs {CURRENT}", given[name], now) for name in readers]
    every = [*ours, *theirs, *before]
    names = [*(name for name, _, _ in every), *_MEANS]
    n, m = len(ours), len(theirs)

    def statistic(sums: Floats) -> Floats:
        found = kappa(sums.reshape(len(sums), len(every), k + 1, k + 1), 2)
        means = [found[:, part].mean(axis=1) for part in (slice(0, n), slice(n, n + m), slice(n + m, None))]
        return np.concatenate([found, np.stack([*means, means[0] - means[1]], axis=1)], axis=1)

    if not rows.any():
        nothing = Kappa("difference", math.nan, Interval(math.nan, math.nan, "no muscle that every reader graded"))
        return Bar((), math.nan, math.nan, nothing, math.nan, 0, 0)
    clusters = sums_by_cluster(study, np.concatenate([_met(a, b, k + 1) for _, a, b in every], axis=1))
    value = statistic(clusters.sum(axis=0)[None])[0]
    intervals = bca_intervals(clusters, statistic, draws=options.draws, seed=options.seed, unit="study")
    found = tuple(Kappa(name, float(v), i) for name, v, i in zip(names, value, intervals, strict=True))
    program_mean, reader_mean, current_mean, difference = found[-4:]
    return Bar(found, program_mean.value, reader_mean.value, difference, current_mean.value, int(rows.sum()), len(clusters))


def graded(values: Floats, edges: Floats, profile: Profile) -> Ints:
    """Grades by other edges, with the profile's rule for a value exactly on one.

    Args:
        values: (n,).
        edges: (n, grades - 1) or (1, grades - 1).
        profile: whose rule.
    """
    upper = np.array([edge.on_edge == "upper" for edge in profile.edges])
    v = values[:, None]
    found: Ints = np.where(upper, v >= edges, v > edges).sum(axis=1)
    return found


def _met(first: Ints, second: Ints, categories: int) -> Floats:
    """(n, categories squared): one where the two grades of a muscle meet."""
    found: Floats = np.eye(categories * categories)[first * categories + second]
    return found
