"""Slices between two that a reader drew: the outline moves from one to the other (shape-based interpolation).

Signed distances to the outline are mixed by place, each moved so that the middles of both lie on each other: a muscle that wanders from
slice to slice stays one piece (Raya & Udupa, IEEE Trans Med Imaging 1990; Herman et al., IEEE Comput Graph Appl 1992).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.ndimage import center_of_mass, distance_transform_edt, shift

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.review.runs import gaps

Mask = npt.NDArray[np.bool_]
_MARGIN = 2  # pixels around both outlines


def filled_between(drawn: Mapping[int, Mask], pixel_mm: tuple[float, float]) -> dict[int, Mask]:
    """The slices between drawn neighbours; none beside a slice that shows nothing of the muscle.

    Args:
        drawn: (rows, columns) masks by slice.
        pixel_mm: width and height of a pixel.

    Raises:
        RefusedInput: `bad_drawing`: there is nothing to fill.
    """
    found: dict[int, Mask] = {}
    for a, b in gaps(drawn):
        if drawn[a].any() and drawn[b].any():
            found |= _between((a, drawn[a]), (b, drawn[b]), pixel_mm)
    if not found:
        raise RefusedInput(Reason.BAD_DRAWING, "draw the muscle in two slices that have others between them")
    return found


def _between(one: tuple[int, Mask], other: tuple[int, Mask], pixel_mm: tuple[float, float]) -> dict[int, Mask]:
    (a, first), (b, last) = one, other
    box = _box(first | last)
    near, far = _signed_mm(first[box], pixel_mm), _signed_mm(last[box], pixel_mm)
    way = np.subtract(center_of_mass(last[box]), center_of_mass(first[box]))
    found = {}
    for index in range(a + 1, b):
        share = (index - a) / (b - a)
        mixed = (1 - share) * _moved(near, share * way) + share * _moved(far, (share - 1) * way)
        found[index] = np.zeros(first.shape, np.bool_)
        found[index][box] = mixed > 0
    return found


def _box(mask: Mask) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    edges = ((int(lines[0]), int(lines[-1])) for lines in (rows, columns))
    down, across = (slice(max(0, low - _MARGIN), high + 1 + _MARGIN) for low, high in edges)
    return down, across


def _signed_mm(mask: Mask, pixel_mm: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Distance to the outline, positive inside: half a pixel less than to the next pixel on its other side."""
    sampling, half = pixel_mm[::-1], min(pixel_mm) / 2
    inside = distance_transform_edt(np.pad(mask, 1), sampling=sampling)[1:-1, 1:-1]  # what fills the picture has an outline too
    outside = distance_transform_edt(~mask, sampling=sampling)
    return np.asarray(np.where(mask, inside - half, half - outside), np.float64)


def _moved(distance: npt.NDArray[np.float64], pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(shift(distance, pixels, order=1, mode="nearest"))
