"""Repeatability: what repeated measurements of the same things amount to (Bland & Altman 1986, 1999; Quan & Shih 1996; Raunig 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special, stats

from gluteal_grade.statistics.arrays import Floats
from gluteal_grade.statistics.intraclass import Z, error_limits, icc, icc_limits, sums
from gluteal_grade.statistics.limits import bland_altman, bland_altman_limits

MIN_SUBJECTS = 5  # fewer: no interval is given, and nothing that would need one to be read
_NOTHING = 1e-12
_NAN = float("nan")


@dataclass(frozen=True)
class Estimated:
    """A number with its 95 % interval; NaN where there is none."""

    value: float = _NAN
    low: float = _NAN
    high: float = _NAN


@dataclass(frozen=True)
class Repeated:
    """Repeatability of one quantity, in its unit unless said otherwise.

    Attributes:
        subjects: how many.
        freedom: degrees of freedom of `wsd`: repeats less one, summed.
        mean: of all.
        wsd: within-subject SD.
        rc: repeatability coefficient, 1.96 sqrt(2) wSD: the smallest detectable change.
        rms_cv: root of the mean squared coefficient of variation, percent.
        bias: second less first, one pair a subject.
        loa_low, loa_high: Bland-Altman limits of agreement of these differences.
        icc_2_1, icc_3_1: absolute agreement and consistency, single measures.
        tau, tau_p: Kendall's rank correlation of the within-subject SD with the mean, and its p (Bland & Altman 1999, section 3).
        few: too few subjects: numbers stand without intervals.
    """

    subjects: int
    freedom: int
    mean: float = _NAN
    wsd: Estimated = field(default_factory=Estimated)
    rc: Estimated = field(default_factory=Estimated)
    rms_cv: Estimated = field(default_factory=Estimated)
    bias: Estimated = field(default_factory=Estimated)
    loa_low: Estimated = field(default_factory=Estimated)
    loa_high: Estimated = field(default_factory=Estimated)
    icc_2_1: Estimated = field(default_factory=Estimated)
    icc_3_1: Estimated = field(default_factory=Estimated)
    tau: float = _NAN
    tau_p: float = _NAN
    few: bool = False


def repeated(values: Sequence[Floats], subject: Sequence[object]) -> Repeated:
    """Repeatability of one quantity.

    Args:
        values: of each unit (a subject, or one session of a subject) its repeats in order, two or more, none missing.
        subject: whose unit it is. Every unit counts for wSD and CV; the first of a subject for bias, limits and ICC.

    Raises:
        ValueError: no unit, or one with fewer than two values.
    """
    units = [np.asarray(v, float) for v in values]
    if not units or any(len(v) < 2 for v in units) or len(units) != len(subject):
        raise ValueError("every unit needs two values or more, and a subject")
    number = len(set(subject))
    freedoms = np.array([len(v) - 1 for v in units])
    variances = np.array([v.var(ddof=1) for v in units])
    means = np.array([v.mean() for v in units])
    freedom, few = int(freedoms.sum()), number < MIN_SUBJECTS
    square = float(np.average(variances, weights=freedoms))
    wsd = 0.0 if square < _NOTHING * float(np.mean(means**2)) else float(np.sqrt(square))
    within = Estimated(wsd, *((_NAN, _NAN) if few or wsd == 0 else error_limits(wsd, freedom)))
    factor = Z * np.sqrt(2)
    coefficient = Estimated(*(float(factor * v) for v in (within.value, within.low, within.high)))
    cv = _rms_cv(means, variances, freedoms, few=few)
    first = list({who: v for v, who in zip(reversed(units), reversed(subject), strict=True)}.values())
    tau, p = (_NAN, _NAN) if few else _trend(variances, means)
    base = Repeated(number, freedom, float(np.mean(np.concatenate(units))), within, coefficient, cv, tau=tau, tau_p=p, few=few)
    return _agreeing(base, first)


def _rms_cv(means: Floats, variances: Floats, freedoms: Floats, *, few: bool) -> Estimated:
    """RMS-CV in percent, interval by chi squared with effective degrees of freedom (Satterthwaite 1946).

    The spread is taken to grow with a power of the mean between 0 (equal SD) and 1 (equal CV): half of what fits these units, as the fit
    is noisy and a low power errs on the wide side. Intervals by bootstrap (BCa) hold the truth in 80 to 95 % only, with 8 to 40 subjects.
    """
    if not (means > 0).all():
        return Estimated()
    value = float(100 * np.sqrt(np.average(variances / means**2, weights=freedoms)))
    if few or value < 1e-6:
        return Estimated(value)
    weights = freedoms * means ** (2 * _power(means, variances) - 2)
    effective = float(weights.sum() ** 2 / (weights**2 / freedoms).sum())
    return Estimated(value, *error_limits(value, effective))


def _power(means: Floats, variances: Floats) -> float:
    there = variances > 0
    if there.sum() < 3 or np.ptp(means[there]) < 1e-6 * means.max():
        return 0.5
    x, y = np.log(means[there]), np.log(variances[there])
    x = x - x.mean()
    return float(np.clip((x * y).sum() / (x**2).sum() / 2, 0.0, 1.0)) / 2


def _trend(variances: Floats, means: Floats) -> tuple[float, float]:
    found = stats.kendalltau(np.sqrt(variances), means)
    return float(found.statistic), float(found.pvalue)


def _of_limit(sd: float, n: int) -> tuple[float, float]:
    """Ends of the interval of a limit of agreement, as distances from the bias: exact, noncentral t (Carkeet 2015).

    The approximation of Bland & Altman 1999 holds the truth in 92.5 % with 5 subjects.
    """
    near, far = (float(special.nctdtrit(n - 1, Z * np.sqrt(n), p)) * sd / np.sqrt(n) for p in (0.025, 0.975))
    return near, far


def _agreeing(base: Repeated, first: Sequence[Floats]) -> Repeated:
    """With bias, limits and ICC of one unit a subject: the first two repeats, for ICC all where every subject has as many."""
    if base.few:
        difference = float(np.mean([v[1] - v[0] for v in first]))
        return replace(base, bias=Estimated(difference))
    pairs = np.array([v[:2] for v in first])
    bias, sd, low, high = (float(v) for v in bland_altman(sums(pairs[:, ::-1], float(pairs.mean())).sum(axis=0)))
    of_bias = bland_altman_limits(bias, sd, len(pairs))[0]
    near, far = _of_limit(sd, len(pairs))
    together = np.array(first) if len({len(v) for v in first}) == 1 else pairs
    total = sums(together, float(together.mean())).sum(axis=0)
    iccs = [Estimated(float(icc(total, absolute=a)), *icc_limits(total, absolute=a)) for a in (True, False)]
    return replace(
        base,
        bias=Estimated(bias, *of_bias),
        loa_low=Estimated(low, bias - far, bias - near),
        loa_high=Estimated(high, bias + near, bias + far),
        icc_2_1=iccs[0],
        icc_3_1=iccs[1],
    )
