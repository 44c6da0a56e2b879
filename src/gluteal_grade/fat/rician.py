"""The Rician distribution: what noise does to a magnitude, and how much of it to take off.

For a signal A with Gaussian noise of SD sigma in both channels the magnitude has mean sigma h(A / sigma), with h(0) = 1.25 and
h(a) - a falling to 1 / (2a) (Gudbjartsson & Patz 1995; inverted for SNR by Koay & Basser 2006). sqrt(S^2 - sigma^2), cut at 0,
undoes that only from a = 1.5 on, voxel by voxel, and is itself too high below. Here the *mean* bias h(a) - a is taken off every
voxel, as a function of the median of its neighbours: no cut, noise that hardly grows, an edge stays an edge. That function is not
h(a) - a at the median's own a, whose scatter would bend it, but the one whose mean over that scatter is h(a) - a.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ive

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import Mask, median_in_plane

_TOP = 8.0  # in sigma; above it h(a) - a = 1 / (2a) to 1 %
_STEP = 0.02
_DRAWS = 3000
_SMOOTH = 0.5  # weight of bends in the correction against its error


@dataclass(frozen=True)
class Cleaned:
    """A magnitude without its noise floor.

    Attributes:
        signal: same unit as the image; single voxels may be below 0 where there is no signal.
        variance: of the noise left on each voxel, in units squared.
    """

    signal: FloatArray
    variance: FloatArray


def without_floor(array: FloatArray, sigma: float | None, body: Mask, slice_axis: int = 2) -> Cleaned:
    """Takes the mean Rician bias off every voxel of the body; the rest of the image is left as it is.

    Args:
        array: magnitude, float32.
        sigma: noise SD per channel; None or 0: unknown, nothing is taken off.
        body: where.
        slice_axis: neighbours are taken within the slices, as these may be thick.
    """
    if not sigma:
        return Cleaned(array, np.zeros_like(array))
    table = _table()
    level = array / np.float32(sigma)
    signal, variance = array.copy(), np.full_like(array, sigma * sigma)
    bright = body & (level >= _TOP)
    signal[bright] -= np.float32(sigma) / (2 * level[bright])
    dim = body & (level < _TOP)
    median = median_in_plane(level, slice_axis)[dim]  # of 3 x 3 voxels: an edge stays an edge
    signal[dim] -= np.float32(sigma) * _lookup(table.correction, median)
    variance[dim] *= _lookup(table.variance, median)
    return Cleaned(signal, variance)


@dataclass(frozen=True)
class _Table:
    """By median magnitude of 9 voxels 0, `_STEP`, ... `_TOP`; in units of sigma."""

    correction: FloatArray  # to take off
    variance: FloatArray  # of what is then left


@lru_cache(maxsize=1)
def _table() -> _Table:
    m = np.arange(0, _TOP + 8, _STEP)
    signal = np.arange(0, _TOP + 0.05, 0.1)
    density = m * np.exp(-((m - signal[:, None]) ** 2) / 2) * ive(0, m * signal[:, None]) * _STEP
    bias = density @ m - signal
    below = np.clip(np.cumsum(density, axis=1) - density / 2, 0, 1)
    of_nine = below**4 * (1 - below) ** 4 * density  # distribution of the median of 9, up to its constant
    of_nine /= of_nine.sum(axis=1, keepdims=True)
    own = np.interp(of_nine @ m, of_nine @ m, signal)
    start = np.interp(np.interp(m, of_nine @ m, own), signal, bias)
    # the smooth change of `start` that makes the mean right at every signal; hats every 0.2 sigma
    knots = np.arange(0, _TOP + 4.1, 0.2)
    hats = np.stack([np.interp(m, knots, one) for one in np.eye(len(knots))], axis=1)
    means, bends = of_nine @ hats, np.diff(np.eye(len(knots)), 2, axis=0)
    change = np.linalg.solve(means.T @ means + _SMOOTH * bends.T @ bends + 1e-6 * np.eye(len(knots)), means.T @ (bias - of_nine @ start))
    correction = (start + hats @ change)[: int(_TOP / _STEP) + 1]
    return _Table(np.asarray(correction, np.float32), np.asarray(_variance_left(signal, correction), np.float32))


def _variance_left(signal: FloatArray, correction: FloatArray) -> FloatArray:
    """Variance of a cleaned voxel by the median of its neighbours, from drawn ones (a fixed seed)."""
    rng = np.random.default_rng(9)
    noise = rng.standard_normal((2, _DRAWS, 9))
    variance, median = np.empty(len(signal)), np.empty(len(signal))
    for i, a in enumerate(signal):
        nine = np.hypot(a + noise[0], noise[1])
        around = np.median(nine, axis=1)
        variance[i] = (nine[:, 4] - _lookup(correction, around)).var()
        median[i] = np.median(around)
    return np.asarray(np.interp(np.arange(len(correction)) * _STEP, median, variance))


def _lookup(table: FloatArray, argument: FloatArray) -> FloatArray:
    index = np.clip(np.rint(argument / np.float32(_STEP)), 0, len(table) - 1).astype(np.intp)
    return np.asarray(table[index])
