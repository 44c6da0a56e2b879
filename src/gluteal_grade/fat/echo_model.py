"""Water, fat and R2* from the magnitudes of several gradient echoes, voxel by voxel.

A voxel of proton-density fat fraction p and amplitude A gives, at echo time t, A |1 - p + p c(t)| exp(-R2* t), where c(t) sums the
peaks of fat, each turning with its own frequency (Hamilton 2011, 10.1002/nbm.1622; one R2* for both as in Yu 2008,
10.1002/mrm.21737). A magnitude does not tell the sign of 1 - p + p c: there are two fractions that fit nearly as well, one on either
side of a half. The peaks of fat decide between them, as they beat against each other (Triay Bagur 2019, 10.1002/mrm.27728). Both are
fitted from the best of a table of signals, and the one that fits better is taken; where noise could have decided, the neighbours in
the slice decide with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gluteal_grade.config import MultiEchoSettings
from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import Mask

_GYROMAGNETIC_HZ_PER_UT = 42.577
_FRACTIONS = np.linspace(0, 1, 21)
_R2_STAR = np.array([0.0, 15, 30, 50, 80, 120, 180, 270, 400])  # per second
_RATES = -50.0, 1000.0  # per second, within which the fit may look
_FREE_FROM = 4  # echoes: with fewer R2* is held at its nominal value
_STEPS = 4  # of Gauss and Newton from the nearest of the table
_STARTS = ((0.0, 0.45), (0.45, 0.65), (0.65, 1.0))  # each holds one of the fractions that fit: the peaks' beat moves the fold off a half
_HALF = 0.5
_CHUNK = 60_000  # voxels at a time
_BEYOND = 0.25  # how far outside 0-1 noise may carry a fraction: cut at 0 it would lift lean means
_AROUND = 3  # voxels, across the neighbourhood that decides with a voxel
_BOUND = 4.0  # of the log likelihood that one neighbour brings
_NEIGHBOURS = 4.0  # weight of their mean; chosen on toys of SNR 25 and 50, where more or wider takes the rims of muscles for fat
_MUCH = 1e6  # times the noise's variance: what is left of a signal where there is no fit
_LEAN = 0.15  # the fraction of which precision is told


@dataclass(frozen=True)
class EchoFit:
    """What fits the echoes best.

    Attributes:
        fraction: (x, y, z) proton-density fat fraction, slightly beyond 0 and 1 by noise; NaN outside the voxels asked.
        r2_star: per second.
        amplitude: signal at echo time 0.
        residual: root mean square of what is left, over the amplitude.
    """

    fraction: FloatArray
    r2_star: FloatArray
    amplitude: FloatArray
    residual: FloatArray


@dataclass(frozen=True)
class EchoModel:
    """What echoes of one acquisition look like.

    Attributes:
        te_s: echo times, s.
        linear, square: (echoes,) terms of |1 - p + p c|^2 = 1 + linear p + square p^2.
        nominal: R2* of lean muscle, per second.
    """

    te_s: FloatArray
    linear: FloatArray
    square: FloatArray
    nominal: float

    @property
    def fits_r2_star(self) -> bool:
        """Whether there are echoes enough to tell R2* too."""
        return len(self.te_s) >= _FREE_FROM

    def signal(self, fraction: FloatArray, r2_star: FloatArray) -> FloatArray:
        """(n, echoes) magnitudes for an amplitude of 1."""
        return self._size(fraction) * self._decay(r2_star)

    def precision(self) -> float:
        """SD of the fraction of one lean voxel at a noise SD of 1 % of the amplitude in each echo (Cramer and Rao's bound)."""
        fraction, r2_star = np.array([_LEAN]), np.array([self.nominal])
        size, decay = self._size(fraction), self._decay(r2_star)
        slopes = [size * decay, self._slope(fraction, size) * decay, -self.te_s * size * decay][: 3 if self.fits_r2_star else 2]
        j = np.concatenate(slopes).T
        information = j.T @ j
        return float("inf") if np.linalg.cond(information) > 1e12 else float(0.01 * np.sqrt(np.linalg.inv(information)[1, 1]))

    def told_apart(self, fractions: Sequence[float] = (_LEAN,), r2_star: float | None = None) -> float:
        """How far voxels are from what fits them best beyond a half: root mean square over the echoes, over the amplitude; the least.

        Args:
            fractions: of the voxels, below a half.
            r2_star: of the voxels, per second; None: the nominal one.
        """
        own = self.signal(np.asarray(fractions, np.float64), np.full(len(fractions), self.nominal if r2_star is None else r2_star))
        rates = np.linspace(0, 400, 81) if self.fits_r2_star else np.array([self.nominal])
        fraction, rate = (g.ravel() for g in np.meshgrid(np.linspace(0.5, 1, 101), rates, indexing="ij"))
        others = self.signal(fraction, rate)
        scale = (own @ others.T) / (others**2).sum(axis=1)
        return float(np.sqrt(((own[:, None] - scale[:, :, None] * others) ** 2).mean(axis=2).min()))

    def refined(self, measured: FloatArray, fraction: FloatArray, r2_star: FloatArray) -> _Fitted:
        """Gauss and Newton on fraction and R2*, the amplitude solved for at every step (Kaufman 1975)."""
        for _ in range(_STEPS):
            size, decay = self._size(fraction), self._decay(r2_star)
            model = size * decay
            power = _dot(model, model)
            amplitude = _dot(measured, model) / power
            off = measured - amplitude[:, None] * model
            slopes = [amplitude[:, None] * self._slope(fraction, size) * decay]
            if self.fits_r2_star:
                slopes.append(-amplitude[:, None] * self.te_s.astype(model.dtype) * model)
            slopes = [slope - (_dot(slope, model) / power)[:, None] * model for slope in slopes]
            steps = _solved(slopes, off)
            fraction = fraction + steps[0]
            np.clip(fraction, -_BEYOND, 1 + _BEYOND, out=fraction)
            if self.fits_r2_star:
                r2_star = r2_star + steps[1]
                np.clip(r2_star, *_RATES, out=r2_star)
        last = self.signal(fraction, r2_star)
        amplitude = _dot(measured, last) / _dot(last, last)
        off = measured - amplitude[:, None] * last
        return amplitude, fraction, r2_star, _dot(off, off)

    def _size(self, fraction: FloatArray) -> FloatArray:
        p = fraction[:, None]
        square = 1 + p * (self.linear.astype(p.dtype) + p * self.square.astype(p.dtype))
        return np.asarray(np.sqrt(np.maximum(square, 1e-8)))

    def _slope(self, fraction: FloatArray, size: FloatArray) -> FloatArray:
        return np.asarray((self.linear.astype(size.dtype) / 2 + fraction[:, None] * self.square.astype(size.dtype)) / size)

    def _decay(self, r2_star: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-r2_star[:, None] * self.te_s.astype(r2_star.dtype)))


_Fitted = tuple[FloatArray, FloatArray, FloatArray, FloatArray]  # amplitude, fraction, R2*, sum of squares that is left


def echo_model(te_ms: Sequence[float], field_t: float, nominal_r2_star: float, settings: MultiEchoSettings) -> EchoModel:
    """The model of an acquisition.

    Args:
        te_ms: echo times, three at least.
        field_t: field strength.
        nominal_r2_star: of lean muscle, per second.
        settings: the spectrum of fat.
    """
    te_s = np.asarray(te_ms, np.float64) / 1000
    hz = np.array([peak.ppm for peak in settings.peaks]) * _GYROMAGNETIC_HZ_PER_UT * field_t
    weight = np.array([peak.share for peak in settings.peaks])
    turned = np.exp(2j * np.pi * np.outer(te_s, hz)) @ (weight / weight.sum()) - 1  # fat less water, 0 at time 0
    return EchoModel(te_s, 2 * turned.real, np.abs(turned) ** 2, nominal_r2_star)


def fit_echoes(echoes: Sequence[FloatArray], model: EchoModel, where: Mask, sigma: float, slice_axis: int) -> EchoFit:
    """Fit every voxel.

    Args:
        echoes: (x, y, z) magnitudes without their noise floor, one for each echo time of the model.
        model: from `echo_model`.
        where: voxels that are fitted.
        sigma: noise SD of a magnitude, above 0.
        slice_axis: neighbours are those of the slice.
    """
    measured = np.stack([e[where] for e in echoes], axis=1).astype(np.float32)
    low, high = _both(measured, model)
    # log likelihood by which the lower fraction is the better one
    gain = np.clip(high[3], None, _MUCH * sigma**2) - np.clip(low[3], None, _MUCH * sigma**2)
    gain /= 2 * sigma**2
    lower = _decided(gain, where, slice_axis)
    amplitude, fraction, r2_star, left = (np.where(lower, a, b) for a, b in zip(low, high, strict=True))
    values = (fraction, r2_star, amplitude, np.sqrt(left / len(model.te_s)) / np.maximum(amplitude, 1e-9))
    maps = [np.full(where.shape, np.nan, np.float32) for _ in values]
    for one, value in zip(maps, values, strict=True):
        one[where] = value
    return EchoFit(*maps)


def _decided(gain: FloatArray, where: Mask, slice_axis: int) -> Mask:
    """Whether the lower fraction is taken: the voxel's own likelihood, and the mean of its neighbours' in the slice, each bounded."""
    spread = np.zeros(where.shape, np.float32)
    spread[where] = np.clip(gain, -_BOUND, _BOUND)
    size = [1 if axis == slice_axis else _AROUND for axis in range(3)]
    around = ndimage.uniform_filter(spread, size, mode="constant")[where]
    return np.asarray(gain + _NEIGHBOURS * around >= 0)


def _both(measured: FloatArray, model: EchoModel) -> tuple[_Fitted, _Fitted]:
    """The best fit on either side of a half; nothing is left of a voxel's signal where a side has none, so infinitely much."""
    rates = _R2_STAR if model.fits_r2_star else np.array([model.nominal])
    fraction, r2_star = (g.ravel().astype(np.float32) for g in np.meshgrid(_FRACTIONS, rates, indexing="ij"))
    table = model.signal(fraction, r2_star)
    unit = (table / np.sqrt(_dot(table, table))[:, None]).T
    starts = [np.flatnonzero((fraction >= low) & (fraction <= high)) for low, high in _STARTS]
    found: tuple[list[_Fitted], list[_Fitted]] = ([], [])
    for first in range(0, len(measured), _CHUNK):
        part = measured[first : first + _CHUNK]
        likeness = part @ unit
        best = [start[likeness[:, start].argmax(axis=1)] for start in starts]
        fits = [model.refined(part, fraction[one], r2_star[one]) for one in best]
        for lower, results in zip((True, False), found, strict=True):
            left = np.stack([np.where((fit[1] < _HALF) == lower, fit[3], np.float32(np.inf)) for fit in fits])
            which = left.argmin(axis=0)
            amplitude, value, rate, _ = (np.choose(which, [fit[n] for fit in fits]) for n in range(4))
            results.append((amplitude, value, rate, left.min(axis=0)))
    return _joined(found[0]), _joined(found[1])


def _joined(parts: Sequence[_Fitted]) -> _Fitted:
    a, b, c, d = (np.concatenate(values) for values in zip(*parts, strict=True))
    return a, b, c, d


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ne,ne->n", a, b))


def _solved(slopes: Sequence[FloatArray], off: FloatArray) -> list[FloatArray]:
    """The least-squares step along one slope or two."""
    own = [_dot(slope, slope) * np.float32(1.0001) + np.float32(1e-12) for slope in slopes]
    pull = [_dot(slope, off) for slope in slopes]
    if len(slopes) == 1:
        return [pull[0] / own[0]]
    both = _dot(slopes[0], slopes[1])
    determinant = own[0] * own[1] - both * both
    determinant = np.where(np.abs(determinant) < 1e-20, np.float32(np.inf), determinant)
    return [(own[1] * pull[0] - both * pull[1]) / determinant, (own[0] * pull[1] - both * pull[0]) / determinant]
