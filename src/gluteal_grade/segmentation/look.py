"""What a network sees of an image: its own grid, its own scale. Training draws samples that look the same."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Array, FloatArray, Grid, Volume, upright_grid
from gluteal_grade.segmentation.intensity import normalise


def field_of_view(grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest RAS+ mm, (3,) each, of the box around all voxel centres."""
    corners = grid.corners_mm()
    return corners.min(axis=0), corners.max(axis=0)


def network_grid(low_mm: FloatArray, high_mm: FloatArray, spacing_mm: float, multiple: int, *, mirrored: bool = False) -> Grid:
    """A grid that covers a box and that a network with this divisor can take."""
    grid = upright_grid(low_mm, high_mm, spacing_mm, multiple=multiple, mirrored=mirrored)
    if grid.shape == (multiple,) * 3:  # instance norm cannot take the single voxel that would be left at the bottom
        reach = np.array([0.0, 0.0, multiple * spacing_mm / 2])
        return network_grid(low_mm - reach, high_mm + reach, spacing_mm, multiple, mirrored=mirrored)
    return grid


def look(image: Volume, grid: Grid, *, ct: bool) -> Array:
    """An image on a network's grid: averaged where that is coarser, scaled by what lies in view, 0 outside the field of view.

    Args:
        image: any orientation; MR in any unit, CT in HU.
        grid: where to look.
        ct: see `normalise`.

    Returns:
        float32, 0-1, of the grid's shape.
    """
    wanted = min(grid.spacing_mm)
    i, j, k = (min(max(round(wanted / s), 1), n) for s, n in zip(image.spacing_mm, image.shape, strict=True))
    sampled = image.coarsened((i, j, k)).resampled(grid, fill=np.nan).array
    inside = np.isfinite(sampled)
    seen = np.zeros(grid.shape, np.float32)
    seen[inside] = normalise(sampled[inside], ct)
    return seen
