"""Percentile curves over age by the LMS method: Box-Cox, with median and spread that depend on age (Cole & Green, Stat Med 1992;11:1305).

Maximum likelihood by statsmodels. The median's logarithm is constant, a line or a natural cubic spline of age, the spread's logarithm is
constant or a line, the power is one number; which of these is decided by BIC. Measured against quantile regression in docs/howto/norms.md.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from gluteal_grade.statistics.arrays import Floats

MEDIANS, SPREADS = ("constant", "line", "spline"), ("constant", "line")
_WIDEST_POWER = 5.0
_ALMOST_NOUGHT = 1e-6


@dataclass(frozen=True)
class LmsCurve:
    """Fitted curves.

    Attributes:
        median, spread: which shape over age was taken.
        ages: youngest and oldest of those it was fitted to.
        parameters: of the median's logarithm, of the spread's logarithm, and the power.
        covariance: of the parameters, (k, k).
        bic: of the fit.
    """

    median: str
    spread: str
    ages: tuple[float, float]
    knots: tuple[float, ...]
    parameters: Floats = field(repr=False)
    covariance: Floats = field(repr=False)
    bic: float

    def at(self, age: Floats) -> tuple[Floats, Floats, Floats]:
        """L, M and S at ages in years."""
        return self._at(age, self.parameters)

    def percentile(self, percent: float, age: Floats) -> Floats:
        """The value below which that share of people lies; NaN where the curve has none."""
        return _value(stats.norm.ppf(percent / 100), *self.at(age))

    def error(self, percent: float, age: Floats) -> Floats:
        """Standard error of a percentile by the delta method; the choice of shapes is not in it."""
        steps = np.maximum(1e-5, 1e-4 * np.abs(self.parameters))
        z = stats.norm.ppf(percent / 100)
        slopes = []
        for k, step in enumerate(steps):
            up, down = self.parameters.copy(), self.parameters.copy()
            up[k], down[k] = up[k] + step, down[k] - step
            slopes.append((_value(z, *self._at(age, up)) - _value(z, *self._at(age, down))) / (2 * step))
        gradient = np.array(slopes)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(np.einsum("ia,ij,ja->a", gradient, self.covariance, gradient)))

    def _at(self, age: Floats, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        x_m, x_s = design(age, self.median, self.knots), design(age, self.spread, self.knots)
        k, n = x_m.shape[1], x_s.shape[1]
        return np.full(len(age), parameters[-1]), np.exp(x_m @ parameters[:k]), np.exp(x_s @ parameters[k : k + n])


def fit_lms(age: Floats, values: Floats, weights: Floats) -> LmsCurve | None:
    """The curve of the lowest BIC: first the median's shape, then the spread's; None where none could be fitted.

    Args:
        age: (n,) years.
        values: (n,) positive.
        weights: (n,) of each value; two sides of one person weigh a half each, so that their sum is the number of people.
    """
    knots = tuple(float(k) for k in np.quantile(age, (0.0, 1 / 3, 2 / 3, 1.0)))
    medians = MEDIANS if min(np.diff(knots)) > 0 else MEDIANS[: 2 if knots[-1] > knots[0] else 1]  # a spline needs room for its knots
    found = [fit for m in medians if (fit := _fit(age, values, weights, (m, SPREADS[0], knots))) is not None]
    best = min(found, key=lambda one: one.bic, default=None)
    if best is None or len(medians) == 1:
        return best
    other = _fit(age, values, weights, (best.median, SPREADS[1], knots))
    return other if other is not None and other.bic < best.bic else best


def design(age: Floats, shape: str, knots: tuple[float, ...]) -> Floats:
    """Columns of a constant, a line, or a natural cubic spline with two inner knots (truncated powers, Hastie et al. 2009, 5.2.1)."""
    centre, reach = (knots[0] + knots[-1]) / 2, max(knots[-1] - knots[0], 1e-9) / 2
    t = (np.asarray(age, float) - centre) / reach
    columns = [np.ones_like(t)]
    if shape != "constant":
        columns.append(t)
    if shape == "spline":
        at = (np.array(knots) - centre) / reach

        def bend(k: int) -> Floats:
            cubes = np.clip(t - at[k], 0, None) ** 3 - np.clip(t - at[-1], 0, None) ** 3
            return np.asarray(cubes / (at[-1] - at[k]))

        columns += [bend(k) - bend(2) for k in range(2)]
    return np.stack(columns, axis=1)


def _value(z: float, power: Floats, median: Floats, spread: Floats) -> Floats:
    with np.errstate(all="ignore"):
        inside = 1 + power * spread * z
        curved = median * np.where(inside > 0, inside, np.nan) ** (1 / np.where(np.abs(power) < _ALMOST_NOUGHT, 1.0, power))
    return np.asarray(np.where(np.abs(power) < _ALMOST_NOUGHT, median * np.exp(spread * z), curved))


def _log_likelihood(log_y: Floats, log_m: Floats, log_s: Floats, power: float) -> Floats:
    """Of each value, Box-Cox normal."""
    ratio = log_y - log_m
    scaled = ratio if abs(power) < _ALMOST_NOUGHT else np.expm1(power * ratio) / power
    return np.asarray(power * ratio - log_y - log_s - 0.5 * (scaled / np.exp(log_s)) ** 2 - 0.5 * np.log(2 * np.pi))


def _slopes(log_y: Floats, log_m: Floats, log_s: Floats, power: float) -> tuple[Floats, Floats, Floats]:
    """Derivatives of the same by the median's logarithm, the spread's logarithm and the power."""
    ratio, spread = log_y - log_m, np.exp(log_s)
    if abs(power) < _ALMOST_NOUGHT:
        z, by_power, grown = ratio / spread, ratio**2 / (2 * spread), np.ones_like(ratio)
    else:
        grown = np.exp(power * ratio)
        z = (grown - 1) / (power * spread)
        by_power = (power * ratio * grown - (grown - 1)) / (power**2 * spread)
    return z * grown / spread - power, z**2 - 1, ratio - z * by_power


def _fit(age: Floats, values: Floats, weights: Floats, shape: tuple[str, str, tuple[float, ...]]) -> LmsCurve | None:
    from statsmodels.base.model import GenericLikelihoodModel
    from statsmodels.tools.numdiff import approx_fprime

    median, spread, knots = shape
    x_m, x_s = design(age, median, knots), design(age, spread, knots)
    k, n = x_m.shape[1], x_s.shape[1]
    log_y = np.log(values)

    class BoxCox(GenericLikelihoodModel):  # type: ignore[misc]
        """Weighted likelihood of all parameters together."""

        def loglikeobs(self, params: Floats) -> Floats:
            return np.asarray(weights * _log_likelihood(log_y, x_m @ params[:k], x_s @ params[k : k + n], params[-1]))

        def score(self, params: Floats) -> Floats:
            by_m, by_s, by_power = _slopes(log_y, x_m @ params[:k], x_s @ params[k : k + n], params[-1])
            return np.concatenate([(weights * by_m) @ x_m, (weights * by_s) @ x_s, [weights @ by_power]])

        def hessian(self, params: Floats) -> Floats:
            slopes = np.asarray(approx_fprime(params, self.score, centered=True))
            return np.asarray((slopes + slopes.T) / 2)

    root = np.sqrt(weights)
    start_m = np.linalg.lstsq(x_m * root[:, None], log_y * root, rcond=None)[0]
    rest = log_y - x_m @ start_m
    start = np.concatenate([start_m, [0.5 * np.log(max(np.average(rest**2, weights=weights), 1e-12))], np.zeros(n - 1), [1.0]])
    extra = [f"s{i}" for i in range(n)] + ["power"]
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # what they would say is looked at below
            result = BoxCox(values, x_m, extra_params_names=extra).fit(start_params=start, method="bfgs", maxiter=500, disp=0)
            parameters, covariance = np.asarray(result.params, float), np.asarray(result.cov_params(), float)
            likelihood = float(result.llf)
    except (np.linalg.LinAlgError, ValueError, FloatingPointError):
        return None
    sound = np.all(np.isfinite(parameters)) and np.all(np.isfinite(covariance)) and np.all(np.diag(covariance) > 0)
    if not sound or abs(parameters[-1]) > _WIDEST_POWER or not np.isfinite(likelihood):
        return None
    bic = len(parameters) * float(np.log(weights.sum())) - 2 * likelihood
    return LmsCurve(median, spread, (float(np.min(age)), float(np.max(age))), knots, parameters, covariance, bic)
