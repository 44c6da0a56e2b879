"""Thresholds and slope of a cumulative link model by Newton's method, for many weightings of the ratings at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from gluteal_grade.statistics.arrays import Floats, Ints

_FULL_STEPS, _STEPS, _HALVINGS = 8, 60, 30
_CLOSE = 1e-3  # gain of the log-likelihood by a step after which a fit stands: the next would gain about its square
_CLOSE_OF_MANY = 0.03  # of many weightings from one start: what is left is a twentieth of what they spread
_RIDGE = 1e-4  # on 1 / noise, so that ratings that a value splits without error have a solution; an SD of 0.02 moves by less than 1 %
TINY, _FAR = 1e-100, 1e3


@dataclass(frozen=True)
class SortedRatings:
    """Sorted by grade; `ends[k]` is the first of grade k."""

    values: Floats
    ends: Ints
    growth: float

    @property
    def scale(self) -> Floats:
        """(n,) by which thresholds and values are divided: for a growth that is given the model stays linear."""
        return 1 + self.growth * self.values

    @property
    def at_half(self) -> float:
        """The same at 0.5."""
        return 1 + self.growth / 2

    @property
    def ridge(self) -> float:
        """On the slope."""
        return _RIDGE / self.at_half**2

    @property
    def grades(self) -> int:
        return len(self.ends) - 1

    def sums(self, weights: Floats, numbers: Floats | None = None) -> Floats:
        """Of weights x numbers of each grade, (weightings, grades); one row of numbers serves all weightings, none is ones."""
        parts = [slice(a, b) for a, b in pairwise(self.ends)]
        if numbers is None:
            found = [weights[:, p].sum(axis=1) for p in parts]
        elif len(numbers) == 1:
            found = [weights[:, p] @ numbers[0, p] for p in parts]
        else:
            found = [np.einsum("ij,ij->i", weights[:, p], numbers[:, p]) for p in parts]
        return np.stack(found, axis=1)


def climbed(one: SortedRatings, w: Floats, start: Floats) -> Floats:
    """Newton's method on thresholds and slope, in which the log-likelihood is concave: full steps, then with care where those fail.

    The first step is from one start, (1, grades), for all weightings: a product of matrices.
    """
    close = _CLOSE if len(w) == 1 else _CLOSE_OF_MANY
    found, todo = np.repeat(start, len(w), axis=0), np.arange(len(w))
    for n in range(_FULL_STEPS):
        step, gain = _newton(one, w[todo], found[todo] if n else start)
        found[todo] += step
        going = ~((gain >= 0) & (gain < close) & (np.diff(found[todo, :-1], axis=1) > 0).all(axis=1))
        todo = todo[going]
        if not len(todo):
            return found
    found[todo] = _careful(one, w[todo], np.repeat(start, len(todo), axis=0))
    return found


def _careful(one: SortedRatings, w: Floats, at: Floats) -> Floats:
    """The same with each step halved until it gains."""
    at = at.copy()
    todo = np.arange(len(w))
    now = likelihood_of(one, w, at)
    for _ in range(_STEPS):
        step, _ = _newton(one, w[todo], at[todo])
        new, gain = at[todo] + step, np.zeros(len(todo))
        short = np.ones(len(todo), bool)
        for halving in range(_HALVINGS):
            new[short] = at[todo[short]] + step[short] / 2**halving
            gain[short] = likelihood_of(one, w[todo[short]], new[short]) - now[todo[short]]
            short &= ~(gain >= 0)
            if not short.any():
                break
        better = ~short
        at[todo[better]] = new[better]
        now[todo[better]] += gain[better]
        todo = todo[better & (gain > _CLOSE)]
        if not len(todo):
            break
    return at


def _bounds(one: SortedRatings, at: Floats) -> tuple[Floats, Floats, Floats]:
    """Standardised distance to the threshold above and below each rating, and the probability between."""
    centre = at[:, -1:] * one.values
    many = np.diff(one.ends)
    above = (np.repeat(np.concatenate([at[:, :-1], np.full((len(at), 1), np.inf)], axis=1), many, axis=1) - centre) / one.scale
    below = (np.repeat(np.concatenate([np.full((len(at), 1), -np.inf), at[:, :-1]], axis=1), many, axis=1) - centre) / one.scale
    above, below = np.minimum(above, _FAR), np.maximum(below, -_FAR)
    turned = below > 0  # the upper tail by its mirror: no difference of two numbers close to 1
    between = special.ndtr(np.where(turned, -below, above)) - special.ndtr(np.where(turned, -above, below))
    return above, below, between


def likelihood_of(one: SortedRatings, weights: Floats, at: Floats) -> Floats:
    _, _, between = _bounds(one, at)
    found: Floats = (weights * np.log(np.maximum(between, TINY))).sum(axis=1) - one.ridge * at[:, -1] ** 2 / 2
    return found


def _newton(one: SortedRatings, weights: Floats, at: Floats) -> tuple[Floats, Floats]:
    """The step, and what it would gain if the log-likelihood were a parabola."""
    above, below, between = _bounds(one, at)
    between = np.maximum(between, TINY)
    root = 1 / np.sqrt(2 * np.pi)
    a, b = root * np.exp(-(above**2) / 2) / between, root * np.exp(-(below**2) / 2) / between
    x, u = one.values, 1 / one.scale
    aa, bb, ab = -a * (above + a) * u**2, b * (below - b) * u**2, a * b * u**2  # second derivatives by the two bounds
    a, b = a * u, b * u
    k = one.grades - 1
    gradient = np.empty((len(weights), k + 1))
    gradient[:, :k] = one.sums(weights, a)[:, :-1] - one.sums(weights, b)[:, 1:]
    gradient[:, k] = -one.sums(weights, (a - b) * x).sum(axis=1) - one.ridge * at[:, k]
    curve = np.zeros((len(weights), k + 1, k + 1))
    inner = np.arange(k)
    curve[:, inner, inner] = one.sums(weights, aa)[:, :-1] + one.sums(weights, bb)[:, 1:]
    curve[:, inner[1:], inner[:-1]] = curve[:, inner[:-1], inner[1:]] = one.sums(weights, ab)[:, 1:-1]
    curve[:, inner, k] = curve[:, k, inner] = -one.sums(weights, (aa + ab) * x)[:, :-1] - one.sums(weights, (bb + ab) * x)[:, 1:]
    curve[:, k, k] = one.sums(weights, (aa + bb + 2 * ab) * x**2).sum(axis=1) - one.ridge
    curve[:, range(k + 1), range(k + 1)] -= 1e-9
    step = -np.asarray(np.linalg.solve(curve, gradient[:, :, None])[:, :, 0], np.float64)
    gain: Floats = (gradient * step).sum(axis=1) / 2
    return step, gain
