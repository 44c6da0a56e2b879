"""How noisy a magnitude image is: from the air in view, or, where a scanner blanked it, from the tissue itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

import numpy as np
from scipy import ndimage

from gluteal_grade.config import NoiseSettings
from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging.body import modal_value
from gluteal_grade.imaging.planes import Mask

_RAYLEIGH_MEDIAN = 1.17741  # over sigma
_RAYLEIGH_QUARTILES = 2.1953  # third over first
_NORMAL_MEDIAN = 0.67449  # median of |x| over SD
_BLOCK = 8  # voxels
_NEAR = 0.35  # three SDs of the SD of a block
_LAGS = (1, 2, 3)

Planes = TypeVar("Planes", FloatArray, Mask)


class NoiseSource(StrEnum):
    """What sigma was read from."""

    AIR = "air"
    TISSUE = "tissue"


@dataclass(frozen=True)
class Noise:
    """Noise SD of one channel, in the image's unit."""

    sigma: float
    source: NoiseSource


def noise_of(array: FloatArray, body: Mask, slice_axis: int, settings: NoiseSettings) -> Noise | None:
    """Sigma from air where it can be trusted, else from tissue; None where neither is in view.

    Args:
        array: magnitude.
        body: mask of the body.
        slice_axis: array axis across the slices.
        settings: what makes air and tissue trustworthy.
    """
    sigma = air_sigma(array, body, settings)
    if sigma is not None:
        return Noise(sigma, NoiseSource.AIR)
    sigma = tissue_sigma(array, body, slice_axis, settings)
    return None if sigma is None else Noise(sigma, NoiseSource.TISSUE)


def air_sigma(array: FloatArray, body: Mask, settings: NoiseSettings) -> float | None:
    """Noise SD from the air around the body; None for too little air, air that a scanner blanked, or that is not Rayleigh distributed.

    In air a magnitude is Rayleigh distributed with this sigma (Gudbjartsson & Patz 1995). Water and fat made of two magnitudes, and
    filtered air, have another shape and tell nothing.
    """
    near = ndimage.binary_dilation(body, np.ones((3, 3, 1)), iterations=settings.air_margin_voxels)
    air = array[~near]
    if air.size < settings.min_air_voxels or np.mean(air <= 0) > settings.max_blanked:
        return None
    # whole grey levels would make steps of the quartiles
    step = 1.0 if np.array_equal(air, np.rint(air)) else 0.0
    air = np.abs(air + step * (np.random.default_rng(0).random(air.size, dtype=np.float32) - 0.5))
    q1, median, q3 = np.percentile(air, [25, 50, 75])
    if q1 <= 0 or abs(np.log(q3 / q1 / _RAYLEIGH_QUARTILES)) > settings.rayleigh_tolerance:
        return None
    return float(median) / _RAYLEIGH_MEDIAN


def tissue_sigma(array: FloatArray, body: Mask, slice_axis: int, settings: NoiseSettings) -> float | None:
    """Noise SD from second differences inside bright, even tissue; None where too little of it is in view.

    Each block of 8 x 8 voxels gives a robust SD of (left - 2 centre + right); texture only adds to it, so the mode over the blocks is
    noise. Interpolated images have noise that neighbours share: the distance of left and right grows until the SD no longer does.
    """
    planes = np.moveaxis(array, slice_axis, 0)
    inside = np.moveaxis(body, slice_axis, 0)
    if not inside.any():
        return None
    bright = inside & (planes > settings.bright * np.percentile(planes[inside], 95))
    # all of a difference must lie in the tissue, and the tissue's own edge is no noise
    bright = ndimage.binary_erosion(bright, np.ones((1, 3, 3)), iterations=2)
    levels = [_common(_block_sds(planes, bright, lag, settings.min_blocks)) for lag in _LAGS]
    for here, further in pairwise(levels):
        if not further > settings.lag_growth * here:  # also where the further one is not known
            return here if np.isfinite(here) else None
    return levels[-1]


def _common(sds: FloatArray) -> float:
    """The level that most blocks share: the mode alone would scatter with the few blocks next to it."""
    level = modal_value(sds)
    for _ in range(3):
        near = sds[np.abs(sds / level - 1) < _NEAR] if level > 0 else sds[:0]
        level = float(np.median(near)) if near.size else float("nan")
    return level


def _block_sds(planes: FloatArray, bright: Mask, lag: int, least: int) -> FloatArray:
    """SD of the noise in every block that is nearly all bright; empty for fewer than `least`."""
    found = []
    for axis in (1, 2):
        if planes.shape[axis] <= 2 * lag:
            continue
        left, centre, right = (_cut(planes, axis, lag, shift) for shift in (-lag, 0, lag))
        good = _cut(bright, axis, lag, -lag) & _cut(bright, axis, lag, 0) & _cut(bright, axis, lag, lag)
        second = np.abs(left - 2 * centre + right)
        values, usable = _blocks(second), _blocks(good)
        full = usable.mean(axis=1) > 0.8
        if full.any():
            kept = np.where(usable[full], values[full], np.nan)
            found.append(np.nanmedian(kept, axis=1) / (_NORMAL_MEDIAN * np.sqrt(6)))
    sds = np.concatenate(found) if found else np.zeros(0)
    return np.asarray(sds[sds > 0]) if (sds > 0).sum() >= least else np.zeros(0)


def _cut(array: Planes, axis: int, lag: int, shift: int) -> Planes:
    window = [slice(None)] * 3
    window[axis] = slice(lag + shift, array.shape[axis] - lag + shift)
    return array[tuple(window)]


def _blocks(array: Planes) -> Planes:
    """(blocks, 64) of a stack of planes; what does not fill a block is left out."""
    n, rows, columns = array.shape[0], array.shape[1] // _BLOCK, array.shape[2] // _BLOCK
    cut = array[:, : rows * _BLOCK, : columns * _BLOCK].reshape(n, rows, _BLOCK, columns, _BLOCK)
    return cut.transpose(0, 1, 3, 2, 4).reshape(-1, _BLOCK * _BLOCK)
