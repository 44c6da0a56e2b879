"""Differences of groups and pairs: of means and their standardised sizes, with exact intervals; of ordered grades by Cliff's delta."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special, stats
from scipy.optimize import brentq

from gluteal_grade.statistics.arrays import Floats
from gluteal_grade.statistics.bootstrap import percentile_interval

NAN = math.nan
MIN_PER_GROUP = 5  # patients
MIN_PAIRS = 6  # patients
_EXACT = 13  # differences, some of equal size: as far as scipy looks at all their signs
_DUST = 1e-9  # the tables hold four digits: smaller differences are rounding
_ONE_WAY = "every patient alike: no bootstrap interval"


@dataclass(frozen=True)
class Effect:
    """Numbers of one comparison; NaN where there are none, and then `reason` says why.

    Attributes:
        n_a, n_b: patients.
        statistic: what `estimate`, with its 95 % interval `low` to `high`, is.
        effect_name, effect_size, effect_low, effect_high: the effect and its 95 % interval.
        test, p: the test and its p.
        check, p_check: another test of the same.
    """

    n_a: int
    n_b: int
    statistic: str = ""
    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    effect_name: str = ""
    effect_size: float = NAN
    effect_low: float = NAN
    effect_high: float = NAN
    test: str = ""
    p: float = NAN
    check: str = ""
    p_check: float = NAN
    reason: str = ""


def paired(differences: Floats) -> Effect:
    """Mean of within-patient differences with t interval, Cohen's dz, Wilcoxon's signed rank test as a check.

    dz = mean / SD of the differences (Cohen 1988, formula 2.3.5); interval: the noncentral t's that put t at their 2.5 and 97.5 % points
    (Steiger & Fouladi 1997; Cumming & Finch 2001), over root n.

    Args:
        differences: (n,) one per patient, finite.
    """
    n = len(differences)
    empty = Effect(n, n, "mean difference", effect_name="Cohen's dz", test="paired t", check="Wilcoxon signed rank")
    if n < MIN_PAIRS:
        return replace(empty, reason=f"fewer than {MIN_PAIRS} pairs")
    mean, sd = float(differences.mean()), float(differences.std(ddof=1))
    if sd <= _DUST * max(1.0, float(np.abs(differences).max())):
        return replace(empty, estimate=mean, reason="all differences are equal: no interval, no effect size")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of differences that are nearly alike
        tested = stats.ttest_1samp(differences, 0.0)
    ends = tested.confidence_interval(0.95)
    low, high = noncentrality(mean / sd * math.sqrt(n), n - 1)
    return replace(
        empty,
        estimate=mean,
        low=float(ends.low),
        high=float(ends.high),
        effect_size=mean / sd,
        effect_low=low / math.sqrt(n),
        effect_high=high / math.sqrt(n),
        p=float(tested.pvalue),
        p_check=wilcoxon(differences),
        reason="" if math.isfinite(low + high) else "effect too large for its interval",
    )


def two_groups(a: Floats, b: Floats) -> Effect:
    """Mean of `a` minus mean of `b` with Welch's interval, Hedges' g, Mann-Whitney as a check.

    g: the difference over the pooled SD times the exact correction J (Hedges 1981). Its interval is that of the population
    value, from the noncentral t of the uncorrected d (Steiger & Fouladi 1997), exact for normal values of equal variance.

    Args:
        a, b: (n,) one value per patient, finite.
    """
    na, nb = len(a), len(b)
    empty = Effect(na, nb, "mean difference", effect_name="Hedges' g", test="Welch t", check="Mann-Whitney")
    if min(na, nb) < MIN_PER_GROUP:
        return replace(empty, reason=f"fewer than {MIN_PER_GROUP} patients in a group")
    difference = float(a.mean() - b.mean())
    va, vb = float(a.var(ddof=1)), float(b.var(ddof=1))
    df = na + nb - 2
    pooled = math.sqrt(((na - 1) * va + (nb - 1) * vb) / df)
    if pooled <= _DUST * max(1.0, float(np.abs(np.concatenate([a, b])).max())):
        return replace(empty, estimate=difference, reason="no spread within the groups: no interval, no effect size")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that are nearly alike in one group
        tested = stats.ttest_ind(a, b, equal_var=False)
    ends = tested.confidence_interval(0.95)
    root = math.sqrt(na * nb / (na + nb))
    d = difference / pooled
    low, high = noncentrality(d * root, df)
    return replace(
        empty,
        estimate=difference,
        low=float(ends.low),
        high=float(ends.high),
        effect_size=correction(df) * d,
        effect_low=low / root,
        effect_high=high / root,
        p=float(tested.pvalue),
        p_check=float(stats.mannwhitneyu(a, b, alternative="two-sided").pvalue),
        reason="" if math.isfinite(low + high) else "effect too large for its interval",
    )


def correction(df: int) -> float:
    """Hedges' J for so many degrees of freedom: takes the small-sample bias from d."""
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def noncentrality(t: float, df: int) -> tuple[float, float]:
    """95 % interval of the noncentrality of which `t` was drawn; NaN where the distribution cannot be computed."""
    if t < 0:
        low, high = noncentrality(-t, df)
        return -high, -low
    return _where(t, df, 0.975), _where(t, df, 0.025)


def _where(t: float, df: int, share: float) -> float:
    """The noncentrality with `share` of its distribution below t."""

    def over(ncp: float) -> float:
        return float(special.nctdtr(df, ncp, t)) - share  # what stats.nct.cdf calls

    step = 2.0 + t / math.sqrt(2 * df)  # about the SD of the noncentrality
    low, high = t - 2 * step, t + 2 * step
    for _ in range(40):
        at_low, at_high = over(low), over(high)
        if not math.isfinite(at_low + at_high):
            return NAN
        if at_low >= 0 >= at_high:
            return float(brentq(over, low, high, xtol=1e-10))
        low, high = low - (at_low < 0) * step, high + (at_high > 0) * step
    return NAN


def wilcoxon(differences: Floats) -> float:
    """Two-sided p of the signed rank test; zeros are left out, NaN if nothing is left."""
    kept = differences[np.abs(differences) > _DUST]
    if not len(kept):
        return NAN
    sizes = np.abs(kept)
    if len(kept) <= _EXACT and len(np.unique(sizes)) < len(kept):
        return _signed_ranks(stats.rankdata(sizes), kept > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ties: then the normal approximation, as it should
        return float(stats.wilcoxon(kept).pvalue)


def _signed_ranks(ranks: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """Exact p with ties, from all signs that the ranks can have: what scipy's permutation test gives, which looks at them one by one."""
    every = (np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks))) & 1
    sums, found = every @ ranks, positive @ ranks
    return float(min(1.0, 2 * min((sums <= found).mean(), (sums >= found).mean())))


def holm(p: Sequence[float]) -> Floats:
    """P values adjusted for a family of tests (Holm 1979, step down); NaN stays NaN and does not count."""
    from statsmodels.stats.multitest import multipletests

    raw = np.asarray(p, float)
    there = np.isfinite(raw)
    out = np.full(raw.shape, NAN)
    if there.any():
        out[there] = multipletests(raw[there], method="holm")[1]
    return out


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
