"""Slices at another scale than the others, or of another place: by what the partner shows, or by a step of brightness."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging.body import finite
from gluteal_grade.imaging.planes import Mask

_TISSUE = 0.15  # of the bright end of an image
_LEAST_VOXELS = 50
_STEP = (
    0.35  # of log(fat / water) from slice to slice, 1.4 times; 54 sound pairs (real IDEAL, sample, phantoms, gaps up to 48 mm) at most 0.17
)
_ALONE, _USUAL = 0.5, 6.0  # of log(signal) in one image, and times its median step: 150 sound stacks at most 0.4, or 5.7 times with gaps
_SAME = 0.2  # two parts of a stack at one scale
_ALIKE = 0.25  # correlation of edges that says two slices are of one place
_BETTER, _TIMES = 0.06, 1.15  # that another place must fit better; in sound pairs another place fits better by at most 0.016


def other_scale(first: FloatArray, second: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True where one image is at another scale against the other than in the most slices.

    Args:
        first, second: (x, y, z) magnitudes, e.g. water and fat.
        slice_axis: array axis across the slices.
    """
    step = _steps(np.moveaxis(second, slice_axis, 0)) - _steps(np.moveaxis(first, slice_axis, 0))
    return _off_level(step, _STEP)


def another_brightness(image: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True where one image is brighter or darker than in the most slices by a step that no coil makes.

    Args:
        image: (x, y, z) magnitudes.
        slice_axis: array axis across the slices.
    """
    step = _steps(np.moveaxis(np.maximum(finite(image), 0), slice_axis, 0))
    usual = float(np.nanmedian(np.abs(step))) if np.isfinite(step).any() else 0.0
    return _off_level(step, max(_ALONE, _USUAL * usual))


def _off_level(step: FloatArray, least: float) -> Mask:
    step = np.nan_to_num(step)
    level = np.r_[0.0, np.cumsum(np.where(np.abs(step) > least, step, 0.0))]
    alike = np.abs(np.subtract.outer(level, level)) < _SAME
    return np.asarray(~alike[int(alike.sum(axis=1).argmax())])


def of_another_place(first: FloatArray, second: FloatArray) -> Mask:
    """(slices,) True where a slice of one image is far more like another slice of its partner than like the one it lies on.

    Args:
        first, second: from `unit_edges`.
    """
    likeness = first.reshape(len(first), -1) @ second.reshape(len(second), -1).T
    own = np.diagonal(likeness)
    best = np.maximum(likeness.max(axis=0), likeness.max(axis=1))
    return np.asarray((best > _ALIKE) & (best > own + _BETTER) & (best > _TIMES * own))


def _steps(planes: FloatArray) -> FloatArray:
    """How much brighter the same tissue is in the next slice, as a logarithm; NaN where too little is seen."""
    low = _TISSUE * float(np.percentile(planes[:, ::2, ::2], 99)) if planes.size else 0.0
    found = []
    for here, there in pairwise(planes):
        seen = (here > low) & (there > low)
        found.append(float(np.median(np.log(there[seen] / here[seen]))) if low > 0 and seen.sum() >= _LEAST_VOXELS else np.nan)
    return np.array(found)
