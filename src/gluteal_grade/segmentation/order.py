"""Do the glutei lie in their order: minimus deep to medius, medius deep to maximus?"""

from __future__ import annotations

import numpy as np

from gluteal_grade.segmentation.fan import Points, sheet_normal
from gluteal_grade.vocabulary import Side

_CELL_MM = 12.0  # wider than thick slices are thick, so that cells of two muscles meet
_FEWEST_CELLS = 8
_MANY = 1 << 20  # more cells than one row has


def share_in_order(deep: Points, superficial: Points, normal: Points) -> float | None:
    """How often one muscle lies deep to another where both lie over the same spot.

    Args:
        deep: (n, 3) RAS+ mm of the muscle that should lie deep.
        superficial: (m, 3) of the one that should cover it.
        normal: (3,) unit vector from deep to superficial.

    Returns:
        share of the spots (cells of 12 mm across the normal) where it is so, 0-1; None where the two hardly overlap.
    """
    axes = np.linalg.svd(normal[None])[2][1:]
    origin = deep.mean(axis=0)
    low, high = _heights(deep - origin, axes, normal), _heights(superficial - origin, axes, normal)
    common = low.keys() & high.keys()
    if len(common) < _FEWEST_CELLS:
        return None
    return sum(low[cell] < high[cell] for cell in common) / len(common)


def outward_normal(points: Points, side: Side) -> Points:
    """Unit normal of minimus or medius, away from the body: to the patient's side."""
    normal = sheet_normal(points)
    return normal if (normal[0] > 0) == (side is Side.RIGHT) else -normal


def backward_normal(points: Points) -> Points:
    """Unit normal of maximus, away from the body: backwards."""
    normal = sheet_normal(points)
    return normal if normal[1] < 0 else -normal


def _heights(points: Points, axes: Points, normal: Points) -> dict[int, float]:
    """Mean height along the normal in each cell across it."""
    cells = np.floor(points @ axes.T / _CELL_MM).astype(np.int64)
    found, index = np.unique(cells[:, 0] * _MANY + cells[:, 1], return_inverse=True)
    heights = np.bincount(index, points @ normal) / np.bincount(index)
    return dict(zip(found.tolist(), heights.tolist(), strict=True))
