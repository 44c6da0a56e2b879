"""A small body of boxes and balls: two hips with three muscles each, a pelvis, fat and air, in a few thousand voxels."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.bodies import Body


def toy_body(name: str = "toy") -> Body:
    """64 x 48 x 40 voxels; x grows to the right, so the right hip's muscles lie at high x."""
    tissue = np.zeros((64, 48, 40), np.uint8)
    tissue[12:52, 10:38, :] = t.VISCERAL_FAT
    tissue[28:36, 20:28, :] = t.BLADDER
    for side, x in ((0, slice(42, 50)), (1, slice(14, 22))):
        right = t.GLUTEI[3 * side : 3 * side + 3]
        tissue[x, 12:18, 4:30] = right[0]
        tissue[x, 20:26, 12:36] = right[1]
        tissue[x, 28:33, 14:34] = right[2]
    tissue[24:28, 14:34, 8:36] = t.CORTICAL_BONE
    outside = np.minimum(distance_transform_edt(tissue == 0, sampling=1.5), 120).astype(np.uint8)
    return Body(name, tissue, outside, np.array([[46.0, 25, 12], [18.0, 25, 12]]), (2, 37), "made for tests")
