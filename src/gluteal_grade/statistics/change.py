"""How sure a change is: the difference of two measured values that each have a split normal distribution."""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import ndtr, owens_t

from gluteal_grade.statistics.split_normal import SplitNormal

Z95 = 1.959963984540054
_REACH = 8.5  # SDs; beyond lies less than 1e-16


def variance(of: SplitNormal) -> float:
    """Variance of a split normal (Wallis 2014, 10.1214/13-STS417)."""
    return (1 - 2 / math.pi) * (of.above - of.below) ** 2 + of.above * of.below


def smallest_detectable_change(prior: SplitNormal, current: SplitNormal) -> float:
    """1.96 x sqrt of the summed variances (de Vet 2006, 10.1186/1477-7525-4-54); a lower bound as far as the variances are."""
    return Z95 * math.sqrt(variance(prior) + variance(current))


def change_interval(prior: SplitNormal, current: SplitNormal, confidence: float = 0.95) -> tuple[float, float]:
    """Central interval of the true change, current minus prior, if the errors of both are independent."""
    tail = (1 - confidence) / 2
    reach = _REACH * (prior.below + prior.above + current.below + current.above)
    measured = current.mode - prior.mode

    def excess(x: float, p: float) -> float:
        return difference_cdf(prior, current, measured + x) - p

    low, high = (measured + float(brentq(excess, -reach, reach, args=(p,), xtol=1e-12)) for p in (tail, 1 - tail))
    return low, high


def difference_cdf(prior: SplitNormal, current: SplitNormal, x: float) -> float:
    """Probability of a true change, current minus prior, of at most `x`.

    Each split normal is a mixture of two half normals; every sum of two of those has a distribution function in closed form, by
    Owen's T function (Owen 1956, 10.1214/aoms/1177728074), as the mass of a normal plane beyond a line.
    """
    x -= current.mode - prior.mode
    one = ((-current.below, current.share_below), (current.above, 1 - current.share_below))
    other = ((prior.below, prior.share_below), (-prior.above, 1 - prior.share_below))  # of minus the prior
    return math.fsum(p * q * _half_normals(a, b, x) for a, p in one for b, q in other)


def _half_normals(a: float, b: float, x: float) -> float:
    """Probability that a |Z1| + b |Z2| <= x for independent standard normals; neither factor is 0."""
    if a < 0 and b < 0:
        return 1 - _half_normals(-a, -b, -x)
    h = abs(x) / math.hypot(a, b)
    if a > 0 and b > 0:
        return 0.0 if x <= 0 else float(1 - 4 * (owens_t(h, b / a) + owens_t(h, a / b)))
    up, down = max(a, b), -min(a, b)
    if x >= 0:
        return float(1 - 4 * (ndtr(-h) / 2 - owens_t(h, down / up)))
    return float(4 * (ndtr(-h) / 2 - owens_t(h, up / down)))
