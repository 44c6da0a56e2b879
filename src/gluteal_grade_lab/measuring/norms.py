"""How far the percentile curves of `cohort norms` are off, for docs/howto/norms.md; quantile regression beside them.

python -m gluteal_grade_lab measure norms [--simulations N]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from gluteal_grade.statistics import Floats, fit_lms
from gluteal_grade.statistics.lms import design

PERCENTS = (5, 50, 95)
AGES = np.linspace(22, 78, 8)
_SIDES_DIFFER = 0.3  # share of the SD between people by which the sides of one differ


@dataclass(frozen=True)
class People:
    """A population whose curves are known: the value at a share of people and an age."""

    words: str
    quantile: Callable[[Floats, Floats], Floats]


def _volume(share: Floats, age: Floats) -> Floats:
    """Normal, shrinking after 50, ml."""
    return np.asarray((300 - 0.1 * np.clip(age - 50, 0, None) ** 2) * (1 + 0.12 * stats.norm.ppf(share)))


def _fat(share: Floats, age: Floats) -> Floats:
    """Log-normal, rising with age and ever wider, with 0.05 added as the curves do."""
    return np.asarray(0.05 + 0.07 * np.exp(0.012 * (age - 20) + (0.25 + 0.003 * (age - 20)) * stats.norm.ppf(share)))


def _gamma(share: Floats, age: Floats) -> Floats:
    """A gamma distribution that bends with age: no curve of this family."""
    return np.asarray(stats.gamma.ppf(share, 6) * (20 + 2 * np.sin(age / 12)))


POPULATIONS = (
    People("volume: normal, falls after 50", _volume),
    People("fat: log-normal, rises and widens", _fat),
    People("gamma, waves over age", _gamma),
)


def sample(people: People, n: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Age, value and weight of both sides of n people; each side is spread as the population is."""
    age = rng.uniform(20, 80, n)
    own = np.sqrt(1 - _SIDES_DIFFER**2) * rng.normal(size=(n, 1)) + _SIDES_DIFFER * rng.normal(size=(n, 2))
    values = people.quantile(stats.norm.cdf(own), age[:, None])
    return np.repeat(age, 2), values.ravel(), np.full(2 * n, 0.5)


def by_quantile_regression(age: Floats, values: Floats) -> Floats:
    """The same splines, by statsmodels, each percentile on its own: (percents, ages)."""
    from statsmodels.regression.quantile_regression import QuantReg

    knots = tuple(float(k) for k in np.quantile(age, (0.0, 1 / 3, 2 / 3, 1.0)))
    columns, asked = (design(at, "spline", knots) for at in (age, AGES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array([asked @ QuantReg(values, columns).fit(q=p / 100).params for p in PERCENTS])


def errors(people: People, n: int, simulations: int, seed: int) -> dict[str, Floats]:
    """By percentile: RMSE of the curves and of quantile regression, percent of the true value, and the share of intervals that held."""
    rng = np.random.default_rng([seed, n])
    truth = np.array([people.quantile(np.array(p / 100), AGES) for p in PERCENTS])
    own, other, held = [], [], []
    for _ in range(simulations):
        age, values, weights = sample(people, n, rng)
        fitted = fit_lms(age, values, weights)
        assert fitted is not None
        inside = np.clip(AGES, *fitted.ages)
        found = np.array([fitted.percentile(p, inside) for p in PERCENTS])
        width = 1.96 * np.array([fitted.error(p, inside) for p in PERCENTS])
        own.append((found - truth) / truth)
        held.append(np.abs(found - truth) <= width)
        other.append((by_quantile_regression(age, values) - truth) / truth)
    rmse = {name: 100 * np.sqrt(np.mean(np.square(e), axis=(0, 2))) for name, e in (("curves", own), ("quantile", other))}
    return rmse | {"held": 100 * np.mean(held, axis=(0, 2))}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each population and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="*", default=[40, 100, 300, 1000])
    chosen = parser.parse_args(arguments)
    print("| population | people of one sex | error of P5, P50, P95 | by quantile regression | 95 % intervals that hold P5, P50, P95 |")
    print("| --- | --- | --- | --- | --- |")
    for people in POPULATIONS:
        for n in chosen.sizes:
            e = errors(people, n, chosen.simulations, 1)
            own, other, held = (", ".join(f"{v:.{d}f}" for v in e[name]) for name, d in (("curves", 1), ("quantile", 1), ("held", 0)))
            print(f"| {people.words} | {n:,} | {own} % | {other} % | {held} % |", flush=True)
