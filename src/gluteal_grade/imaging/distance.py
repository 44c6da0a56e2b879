"""Exact distances to the nearest voxel outside a mask: what scipy's `distance_transform_edt` gives, in a fraction of its time.

The squared distance is taken axis by axis (Felzenszwalb & Huttenlocher 2012, 10.4086/toc.2012.v008a019): along the first by counting
voxels, along the others as the least of the neighbours' squares plus the step's own, out to where a step alone is longer than any
distance left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gluteal_grade.imaging.planes import box_of

_Squares = npt.NDArray[np.float32]


def distance_inside(
    mask: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float], within_mm: float = np.inf
) -> npt.NDArray[np.float32]:
    """Distance of every voxel of the mask to the nearest one outside it, between centres, mm; 0 outside, infinite where there is none.

    Args:
        mask: (x, y, z). What lies beyond the array is neither inside nor outside.
        spacing_mm: voxel size along its axes.
        within_mm: what is farther may be given as infinite, which is faster.
    """
    found = np.zeros(mask.shape, np.float32)
    if mask.all():
        found[...] = np.inf
        return found
    # the nearest voxel outside is never farther than the layer around the mask
    box = tuple(slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(box_of(mask), mask.shape, strict=True))
    squares = _along_first(mask[box], spacing_mm[0])
    limit = np.float32(within_mm) ** 2
    for row in squares:  # a row at a time stays in the processor's cache
        if row.any():
            row[row > limit] = np.inf
            _along(row.T, spacing_mm[2], limit)
            _along(row, spacing_mm[1], limit)
    np.sqrt(squares, out=squares)
    found[box] = squares
    return found


def _along_first(mask: npt.NDArray[np.bool_], spacing: float) -> _Squares:
    """Squared distance along the first axis; infinite where a line has no voxel outside."""
    steps = np.where(mask, np.float32(np.inf), np.float32(0))
    for order in (range(1, len(steps)), range(len(steps) - 2, -1, -1)):
        for i in order:
            before = i - 1 if order.step > 0 else i + 1
            np.minimum(steps[i], steps[before] + 1, out=steps[i])
    steps *= np.float32(spacing)
    steps *= steps
    return steps


def _along(squares: _Squares, spacing: float, limit: np.float32) -> None:
    """Takes one more axis (the first of these) into account, in place."""
    source = squares.copy()
    for shift in range(1, len(squares)):
        step = np.float32(shift * spacing) ** 2
        if step > limit or step >= squares.max():
            return
        np.minimum(squares[shift:], source[:-shift] + step, out=squares[shift:])
        np.minimum(squares[:-shift], source[shift:] + step, out=squares[:-shift])
