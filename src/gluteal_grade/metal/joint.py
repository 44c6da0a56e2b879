"""Where the hip joint and the stem of an implant would lie, judged by the glutei of that side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gluteal_grade.anatomy import LABEL_VALUES, Muscle, Side
from gluteal_grade.config import MetalPlaceSettings
from gluteal_grade.geometry import FloatArray, Grid, Volume

Mask = npt.NDArray[np.bool_]

_FEWEST = 50  # voxels that tell where a muscle lies


def joint_mm(labels: Volume, side: Side, settings: MetalPlaceSettings) -> FloatArray | None:
    """RAS+ mm of the centre of the femoral head: the middle of minimus (else of medius) and a fixed step from there.

    Returns:
        (3,); None where neither muscle is labelled.
    """
    outwards = 1.0 if side is Side.RIGHT else -1.0
    for muscle, step in ((Muscle.GLUTEUS_MINIMUS, settings.from_minimus_mm), (Muscle.GLUTEUS_MEDIUS, settings.from_medius_mm)):
        values = [v for v, part in LABEL_VALUES.items() if part.side is side and part.muscle is muscle]
        inside = np.isin(labels.array, values)
        if int(inside.sum()) >= _FEWEST:
            middle = labels.with_array(inside).centroid_mm()
            return np.asarray(middle + np.array([outwards * step[0], step[1], step[2]]))
    return None


def distance_mm(grid: Grid, joint: FloatArray, side: Side, settings: MetalPlaceSettings) -> FloatArray:
    """Distance of every voxel to the line from the joint down the stem, mm, float32."""
    outwards = 1.0 if side is Side.RIGHT else -1.0
    along = np.array([outwards * settings.stem_mm[0], settings.stem_mm[1], settings.stem_mm[2]], np.float32)
    i, j, k = np.ogrid[: grid.shape[0], : grid.shape[1], : grid.shape[2]]
    affine = grid.affine.astype(np.float32)
    x, y, z = (affine[r, 0] * i + affine[r, 1] * j + affine[r, 2] * k + (affine[r, 3] - np.float32(joint[r])) for r in range(3))
    t = np.clip((x * along[0] + y * along[1] + z * along[2]) / np.float32(along @ along), 0, 1)
    return np.asarray(np.sqrt((x - t * along[0]) ** 2 + (y - t * along[1]) ** 2 + (z - t * along[2]) ** 2), np.float32)
