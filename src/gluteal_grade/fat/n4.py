"""N4 (Tustison 2010, 10.1109/TMI.2010.2046908) by SimpleITK, for comparison with published work: `fat.t1.bias.method: n4`."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask

_GRID_MM = 4.0  # the field is found on voxels about so large ...
_CONTROL_POINTS = 4  # ... from so many control points along each axis, doubled from level to level
_ITERATIONS = (50, 50, 50)  # at most, one number a level


def n4_corrected(image: Volume, body: Mask, grid_mm: float = _GRID_MM, control_points: int = _CONTROL_POINTS) -> FloatArray:
    """The image without the field that N4 finds in the body, float32; outside the body as it was.

    Args:
        image: magnitude.
        body: (x, y, z) where the histogram is looked at.
        grid_mm: voxel size to which image and mask are shrunk first.
        control_points: of the coarsest spline, along each axis.
    """
    import SimpleITK as sitk

    full, mask = (sitk.GetImageFromArray(np.ascontiguousarray(a.T)) for a in (image.array.astype(np.float32), body.astype(np.uint8)))
    for one in (full, mask):
        one.SetSpacing([float(s) for s in image.spacing_mm])
    shrink = [max(1, round(grid_mm / s)) for s in image.spacing_mm]
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(list(_ITERATIONS))
    n4.SetNumberOfControlPoints([control_points] * 3)
    n4.Execute(sitk.Shrink(full, shrink), sitk.Shrink(mask, shrink))
    log_field = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(full)).T
    return np.asarray(image.array / np.exp(np.where(body, log_field, 0)), np.float32)
