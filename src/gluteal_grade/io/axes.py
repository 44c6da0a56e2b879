"""What the direction of slices means to a reader: their plane."""

from __future__ import annotations

import math

import numpy as np

from gluteal_grade.geometry import FloatArray
from gluteal_grade.io.study import Plane

OBLIQUE_DEG = 30.0
_PLANES = (Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL)


def plane_of(normal: FloatArray) -> Plane:
    """The plane of slices with this normal (3,); left or right handed, RAS or LPS makes no difference."""
    cosines = np.abs(normal) / np.linalg.norm(normal)
    axis = int(cosines.argmax())
    return _PLANES[axis] if cosines[axis] > math.cos(math.radians(OBLIQUE_DEG)) else Plane.OBLIQUE
