"""Slices at another scale than the others, or of another place: by what the partner shows, or by a step of brightness."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging.body import finite
from gluteal_grade.imaging.planes import Mask

_TISSUE = 0.15  # of the bright end of an image
_DARK = 0.25  # of the bright end of the partner: what is darker there is one tissue here, fat of 0.07 or muscle of 25 % fat
_LEAST_VOXELS = 50
_LEAST_SHARE = 0.05  # of the most that any two slices show of that tissue: a fringe of it says nothing
_BRIGHT_END = 98  # percentile; some fat is in every slice
_STEP = 0.35  # of log(fat / water) from slice to slice, 1.4 times; sound pairs: docs/explanation/robustness.md
_LONE_STEP = 0.9  # where but one of the two is seen, as in skin, and a coil may do some of it: 2.5 times
_ALONE, _USUAL = 0.5, 6.0  # of log(signal) in one image, and times its median step: likewise
_SAME = 0.2  # two parts of a stack at one scale
_ALIKE = 0.25  # correlation of edges that says two slices are of one place
_BETTER, _TIMES = 0.06, 1.15  # that another place must fit better; in sound pairs another place fits better by at most 0.016
_ALONG = 2  # axis of RAS+: slices across it end within the body, others beyond its skin


def other_scale(first: FloatArray, second: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True where one image is at another scale against the other than in the most slices.

    The step of each image is asked of what is dark in the other: tissue that begins or ends between two slices changes both, a scale one.

    Args:
        first, second: (x, y, z) magnitudes in RAS+, e.g. water and fat.
        slice_axis: array axis across the slices.
    """
    one, other = np.moveaxis(first, slice_axis, 0), np.moveaxis(second, slice_axis, 0)
    top, other_top = _bright(one), _bright(other)
    if min(top, other_top) <= 0:
        return np.zeros(len(one), bool)
    ends = slice_axis == _ALONG
    bright, other_bright = one > _TISSUE * top, other > _TISSUE * other_top
    of_other = _steps(other, other_bright, ends, other_bright & (one < _DARK * top))
    of_one = _steps(one, bright, ends, bright & (other < _DARK * other_top))
    step = of_other - of_one  # a coil moves both
    lone = np.nan_to_num(of_other) - np.nan_to_num(of_one)
    return _off_level(np.where(np.isnan(step) & (np.abs(lone) > _LONE_STEP), lone, step), _STEP)


def another_brightness(image: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True where one image is brighter or darker than in the most slices by a step that no coil makes.

    A scale moves the bright end of a slice as it moves the rest; skin that gives way to muscle leaves it where it is.

    Args:
        image: (x, y, z) magnitudes in RAS+.
        slice_axis: array axis across the slices.
    """
    planes = np.moveaxis(np.maximum(finite(image), 0), slice_axis, 0)
    if (top := _bright(planes)) <= 0:
        return np.zeros(len(planes), bool)
    tissue, ends = planes > _TISSUE * top, slice_axis == _ALONG
    middle, end = _steps(planes, tissue, ends), _steps(planes, tissue, ends, bright_end=True)
    step = np.where(middle * end > 0, np.sign(middle) * np.minimum(np.abs(middle), np.abs(end)), 0.0)
    usual = float(np.nanmedian(np.abs(middle))) if np.isfinite(middle).any() else 0.0
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


def _bright(planes: FloatArray) -> float:
    return float(np.percentile(planes[:, ::2, ::2], 99)) if planes.size else 0.0


def _steps(planes: FloatArray, tissue: Mask, ends: bool, pure: Mask | None = None, *, bright_end: bool = False) -> FloatArray:
    """How much brighter tissue is in the next slice, as a logarithm; NaN where too little of it is seen.

    Seen is what is tissue in both slices and in the one beyond either: not its surface, where a slice holds some of what is outside.

    Args:
        planes: (slices, rows, columns).
        tissue: the same shape.
        ends: whether the first and the last slice end within the tissue; else nothing is known of the steps next to them.
        pure: which of it to ask, the same shape; all if None.
        bright_end: of its bright end instead of its middle.
    """
    count = len(planes)
    outside = np.full(planes.shape[1:], ends)
    beyond = [outside, *tissue, outside]
    asked = tissue if pure is None else pure
    seen = [asked[k] & asked[k + 1] & beyond[k] & beyond[k + 3] for k in range(count - 1)]
    voxels = np.array([one.sum() for one in seen])
    least = max(_LEAST_VOXELS, _LEAST_SHARE * float(voxels.max(initial=0)))
    found = []
    for k, where in enumerate(seen):
        here, there = planes[k][where], planes[k + 1][where]
        if here.size < least:
            found.append(np.nan)
        elif bright_end:
            found.append(float(np.log(np.percentile(there, _BRIGHT_END) / np.percentile(here, _BRIGHT_END))))
        else:
            found.append(float(np.median(np.log(there / here))))
    return np.array(found)
