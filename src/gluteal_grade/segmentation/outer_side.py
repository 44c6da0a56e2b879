"""Which hip a picture of one hip shows, by where the body ends: skin and air lie laterally, the other leg and the pelvis medially."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging import Mask
from gluteal_grade.segmentation.look import field_of_view, look, network_grid
from gluteal_grade.vocabulary import Side

_SPACING_MM = 5.0
_TISSUE = 0.12  # of the look's scale: air and cortex are darker
_LEAST_MM = 15.0  # more air on one flank than on the other, to tell anything
_LEAST_ROWS = 20


def outer_side(image: Volume, *, ct: bool) -> Side | None:
    """The side on which the body ends within the picture while it goes on to the edge on the other; None where both or neither do.

    Args:
        image: any orientation.
        ct: HU instead of MR signal.
    """
    grid = network_grid(*field_of_view(image.grid), _SPACING_MM, 1)
    seen = look(image, grid, ct=ct)
    right_mm, left_mm = _air_mm(seen > _TISSUE)
    if right_mm >= _LEAST_MM and left_mm < _LEAST_MM / 3:
        return Side.RIGHT
    if left_mm >= _LEAST_MM and right_mm < _LEAST_MM / 3:
        return Side.LEFT
    return None


def _air_mm(tissue: Mask) -> tuple[float, float]:
    """Median width of what is empty to the patient's right and left of the body, over the rows that cross much of it."""
    width: Array = tissue.sum(axis=0)
    rows = width > 0.3 * tissue.shape[0]
    if int(rows.sum()) < _LEAST_ROWS:
        return 0.0, 0.0
    first = tissue.argmax(axis=0)[rows]
    last = tissue[::-1].argmax(axis=0)[rows]
    return float(np.median(last)) * _SPACING_MM, float(np.median(first)) * _SPACING_MM
