"""Noise floor of magnitude images: sigma from the air in view, and the first-order correction of the signal."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gluteal_grade.fat.body import Mask
from gluteal_grade.geometry import FloatArray

_RAYLEIGH_MEDIAN = 1.17741  # median of a Rayleigh distribution over sigma
_LEAST_VOXELS = 1000
_MARGIN_VOXELS = 5  # ghosts and skin lie close to the body


def air_sigma(array: FloatArray, body: Mask) -> float | None:
    """Noise SD per channel from the air around the body; None where there is too little air, or a scanner blanked it.

    In air a magnitude is Rayleigh distributed with this sigma (Gudbjartsson & Patz 1995).
    """
    near = ndimage.binary_dilation(body, np.ones((3, 3, 1)), iterations=_MARGIN_VOXELS)
    air = array[~near]
    if air.size < _LEAST_VOXELS or np.mean(air == 0) > 0.3:
        return None
    return float(np.median(air)) / _RAYLEIGH_MEDIAN


def without_floor(array: FloatArray, sigma: float | None) -> FloatArray:
    """sqrt(max(S^2 - sigma^2, 0)): the expected Rician magnitude turned back into signal, first order (Gudbjartsson & Patz 1995)."""
    if not sigma:
        return array
    return np.asarray(np.sqrt(np.maximum(array * array - np.float32(sigma) ** 2, 0)), np.float32)
