"""What a grid's axes mean to a reader: the plane of its slices, and its shape once in RAS+."""

from __future__ import annotations

import math

import numpy as np
from nibabel.orientations import inv_ornt_aff, io_orientation

from gluteal_grade.geometry import FloatArray, Grid
from gluteal_grade.study import Plane

OBLIQUE_DEG = 30.0
_PLANES = (Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL)


def plane_of(normal: FloatArray) -> Plane:
    """The plane of slices with this normal (3,); left or right handed, RAS or LPS makes no difference."""
    cosines = np.abs(normal) / np.linalg.norm(normal)
    axis = int(cosines.argmax())
    return _PLANES[axis] if cosines[axis] > math.cos(math.radians(OBLIQUE_DEG)) else Plane.OBLIQUE


def ras_grid(grid: Grid) -> Grid:
    """The grid that `Volume.to_ras` gives a volume on `grid`, without the voxels."""
    orientation = io_orientation(grid.affine)
    shape = tuple(grid.shape[int(axis)] for axis in np.argsort(orientation[:, 0]))
    return Grid((shape[0], shape[1], shape[2]), grid.affine @ inv_ornt_aff(orientation, grid.shape))


def ras_axis(grid: Grid, axis: int) -> int:
    """Where an array axis of `grid` lies in its RAS+ form."""
    return int(io_orientation(grid.affine)[axis, 0])
