"""Single voxels that no tissue gives: bytes of a file without a checksum were changed."""

from __future__ import annotations

from itertools import product

import numpy as np

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging.planes import Mask

_BRIGHT = 99.9  # percentile that stands for the brightest tissue
_BEYOND = 1.5  # times that
_ALONE = 2.0  # times the brightest of the eight neighbours in the slice. Of 105 sound stacks (see docs/explanation/robustness.md) none has
# a voxel beyond 1.5 times the percentile that is more than 1.3 times its neighbours: an image is blurred, metal and coils too


def stray_voxels(image: FloatArray, slice_axis: int) -> Mask:
    """True for voxels far brighter than everything else and than all that surrounds them in their slice.

    Args:
        image: (x, y, z) magnitudes or HU; NaN counts as dark.
        slice_axis: array axis across the slices.
    """
    planes = np.moveaxis(image, slice_axis, 0)
    out = np.zeros(planes.shape, bool)
    known = planes[np.isfinite(planes)]
    if not known.size:
        return np.moveaxis(out, 0, slice_axis)
    darkest = min(0.0, float(known.min()))
    bright = float(np.percentile(known, _BRIGHT)) - darkest
    found = np.argwhere(planes - darkest > _BEYOND * bright) if bright > 0 else np.empty((0, 3), int)
    if len(found):
        last = np.array(planes.shape[1:]) - 1
        beside = np.zeros(len(found))
        for step in (s for s in product((-1, 0, 1), repeat=2) if any(s)):
            i, j = (found[:, 1:] + step).T
            there = (i >= 0) & (j >= 0) & (i <= last[0]) & (j <= last[1])
            values = planes[found[there, 0], i[there], j[there]] - darkest
            beside[there] = np.fmax(beside[there], values)
        alone = found[planes[tuple(found.T)] - darkest > _ALONE * beside]
        out[tuple(alone.T)] = True
    return np.moveaxis(out, 0, slice_axis)
