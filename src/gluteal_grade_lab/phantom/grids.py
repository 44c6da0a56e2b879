"""Grids as a technician would place them."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Grid
from gluteal_grade.vocabulary import Side


def axial_grid(
    low_mm: tuple[float, float, float],
    high_mm: tuple[float, float, float],
    spacing_mm: tuple[float, float, float],
    tilt_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Grid:
    """A RAS-ordered grid over a box, turned about the box's centre.

    Args:
        low_mm: RAS+ corner of the box (outer edge of the first voxel).
        high_mm: the opposite corner; the box is filled with whole voxels.
        spacing_mm: voxel size along x, y, z.
        tilt_deg: turns about x, then y, then z.
    """
    low, high, spacing = (np.array(v, dtype=np.float64) for v in (low_mm, high_mm, spacing_mm))
    shape = np.maximum(1, np.floor((high - low) / spacing + 1e-6)).astype(int)
    turn = np.eye(3)
    for axis, angle in enumerate(np.radians(tilt_deg)):
        c, s = np.cos(angle), np.sin(angle)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(3)
        one[i, i], one[i, j], one[j, i], one[j, j] = c, -s, s, c
        turn = one @ turn
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(spacing)
    centre = (low + high) / 2
    affine[:3, 3] = centre - affine[:3, :3] @ ((shape - 1) / 2)
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def hip_grid(side: Side, spacing_mm: tuple[float, float, float] = (2.5, 2.5, 6.0)) -> Grid:
    """A small field of view around the glutei of one side of an average body: a third of a pelvis, for quick studies."""
    low, high = (4.0, -165.0, -140.0), (205.0, 70.0, 148.0)
    if side is Side.LEFT:
        low, high = (-high[0], low[1], low[2]), (-low[0], high[1], high[2])
    return axial_grid(low, high, spacing_mm)
