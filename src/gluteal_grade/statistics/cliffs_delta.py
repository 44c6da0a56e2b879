"""Grades: order counts, distances do not. Cliff's delta with bootstrap by patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from gluteal_grade.statistics.arrays import Floats
from gluteal_grade.statistics.bootstrap import percentile_interval
from gluteal_grade.statistics.effects import MIN_PAIRS, MIN_PER_GROUP, Effect, wilcoxon

_ONE_WAY = "every patient alike: no bootstrap interval"


def ordinal_groups(a: Floats, b: Floats, draws: int, seed: int) -> Effect:
    """Cliff's delta (1993), P(a > b) - P(a < b), and the probability of superiority (delta + 1) / 2; test: Mann-Whitney.

    Interval: percentiles of `draws` draws of patients with replacement, within each group.

    Args:
        a, b: (n,) one grade per patient; half grades (the mean of two sides) only have to be in order.
        draws: how many.
        seed: start of the generator.
    """
    empty = Effect(
        len(a), len(b), "probability of superiority", effect_name="Cliff's delta", test="Mann-Whitney",
    )  # fmt: skip
    if min(len(a), len(b)) < MIN_PER_GROUP:
        return replace(empty, reason=f"fewer than {MIN_PER_GROUP} patients in a group")
    values, where = np.unique(np.concatenate([a, b]), return_inverse=True)
    order = np.sign(np.subtract.outer(values, values))
    kinds = len(values)
    if kinds == 1:
        return replace(empty, estimate=0.5, effect_size=0.0, reason=_ONE_WAY)
    share_a, share_b = (np.bincount(part, minlength=kinds) / len(part) for part in (where[: len(a)], where[len(a) :]))
    delta = float(share_a @ order @ share_b)
    p = float(stats.mannwhitneyu(a, b, alternative="two-sided").pvalue)
    found = replace(empty, estimate=(delta + 1) / 2, effect_size=delta, p=p)
    if abs(delta) == 1 or abs(delta) > 1 - 1e-12:
        return replace(found, reason="the groups do not overlap: no bootstrap interval")
    rng = np.random.default_rng(seed)
    many_a = rng.multinomial(len(a), share_a, draws) / len(a)
    many_b = rng.multinomial(len(b), share_b, draws) / len(b)
    return _with_interval(found, np.einsum("ij,jk,ik->i", many_a, order, many_b))


def ordinal_pairs(differences: Floats, draws: int, seed: int) -> Effect:
    """Cliff's delta within patients (1993, d_w): share with a positive less share with a negative difference; test: sign test, exact.

    Args:
        differences: (n,) one per patient: of the grade, or its mean over studies; delta takes the sign alone.
        draws: of patients with replacement.
        seed: start of the generator.
    """
    n = len(differences)
    empty = Effect(
        n, n, "probability of superiority", effect_name="Cliff's delta, paired", test="sign", check="Wilcoxon signed rank",
    )  # fmt: skip
    if n < MIN_PAIRS:
        return replace(empty, reason=f"fewer than {MIN_PAIRS} pairs")
    signs = np.sign(differences)
    delta = float(signs.mean())
    up, down = int((signs > 0).sum()), int((signs < 0).sum())
    found = replace(empty, estimate=(delta + 1) / 2, effect_size=delta)
    if up + down:
        found = replace(found, p=float(stats.binomtest(up, up + down).pvalue), p_check=wilcoxon(differences))
    if max(up, down, n - up - down) == n:
        return replace(found, reason=_ONE_WAY)
    drawn = np.random.default_rng(seed).multinomial(n, [up / n, down / n, 1 - (up + down) / n], draws)
    return _with_interval(found, (drawn[:, 0] - drawn[:, 1]) / n)


def _with_interval(found: Effect, drawn: Floats) -> Effect:
    low, high = percentile_interval(drawn)
    return replace(found, low=(low + 1) / 2, high=(high + 1) / 2, effect_low=low, effect_high=high)
