"""Which half of a picture is the patient's right, from the outline of the body alone."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Volume
from gluteal_grade.imaging.planes import Mask

_CUT = 0.2  # a border plane with this share of the largest section cuts the body


def right_half(image: Volume, body: Mask, min_width_mm: float) -> Mask | None:
    """Voxels to the patient's right of the middle of the body; None where the picture does not show where that is.

    It does not where the body in view is narrower than `min_width_mm`, has no border with air, or is cut at one side only.

    Args:
        image: for its grid (RAS+).
        body: mask of the body.
        min_width_mm: a picture of both hips is at least so wide.
    """
    sections = body.sum(axis=(1, 2))
    cut = [bool(sections[end] > _CUT * sections.max()) for end in (0, -1)]
    if body.all() or cut[0] != cut[1]:
        return None
    # patient x of every voxel, with the tilt of an oblique stack
    i, j, k = (np.arange(n, dtype=np.float32) for n in image.shape)
    row = image.affine[0].astype(np.float32)
    x = row[0] * i[:, None, None] + row[1] * j[None, :, None] + row[2] * k[None, None, :] + row[3]
    low, high = np.percentile(x[body], [0.5, 99.5])
    if high - low < min_width_mm:
        return None
    return np.asarray(x > (low + high) / 2)
