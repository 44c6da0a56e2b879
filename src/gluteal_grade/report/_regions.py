"""Lines between two regions of one muscle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from skimage.measure import find_contours

_SMOOTH_PIXELS = 1.0
_SHORTEST = 3  # vertices; less is a touching corner

Mask = npt.NDArray[np.bool_]


def borders(a: Mask, b: Mask) -> list[npt.NDArray[np.float64]]:
    """Where two neighbouring masks meet.

    Args:
        a: (rows, columns).
        b: likewise; apart from `a`.

    Returns:
        (n, 2) x, y in pixels of the mask, the middle of its first pixel at 0.5; they end where the muscle does.
    """
    both = a | b
    rows, columns = np.flatnonzero(both.any(axis=1)), np.flatnonzero(both.any(axis=0))
    if not rows.size or not a.any() or not b.any():
        return []
    top, left = int(rows[0]), int(columns[0])
    part = np.s_[top : rows[-1] + 1, left : columns[-1] + 1]
    inside = np.pad(both[part], 1)
    field = gaussian_filter(np.pad(a[part].astype(np.float32) - b[part], 1), _SMOOTH_PIXELS)
    lines = find_contours(field, 0.0, mask=inside)
    return [line[:, ::-1] + [left - 0.5, top - 0.5] for line in lines if len(line) >= _SHORTEST]
