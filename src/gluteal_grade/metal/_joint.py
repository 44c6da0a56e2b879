"""Where the hip joint and the stem of an implant would lie, judged by the glutei of that side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gluteal_grade.config import MetalPlaceSettings
from gluteal_grade.geometry import FloatArray, Grid, Volume
from gluteal_grade.imaging import Box, boxes_of
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side

Mask = npt.NDArray[np.bool_]

_FEWEST = 50  # voxels that tell where a muscle lies


def joint_mm(labels: Volume, side: Side, settings: MetalPlaceSettings) -> FloatArray | None:
    """RAS+ mm of the centre of the femoral head: the middle of minimus (else of medius) and a fixed step from there.

    Returns:
        (3,); None where neither muscle is labelled.
    """
    outwards = 1.0 if side is Side.RIGHT else -1.0
    boxes = boxes_of(labels.array)
    for muscle, step in ((Muscle.GLUTEUS_MINIMUS, settings.from_minimus_mm), (Muscle.GLUTEUS_MEDIUS, settings.from_medius_mm)):
        values = [v for v, part in LABEL_VALUES.items() if part.side is side and part.muscle is muscle]
        voxels = [np.argwhere(labels.array[b] == v) + [s.start for s in b] for v in values if (b := boxes.get(v)) is not None]
        if sum(map(len, voxels)) >= _FEWEST:
            middle = labels.grid.to_world(np.concatenate(voxels).mean(axis=0))
            return np.asarray(middle + np.array([outwards * step[0], step[1], step[2]]))
    return None


def distance_mm(grid: Grid, joint: FloatArray, side: Side, settings: MetalPlaceSettings, within_mm: float = np.inf) -> FloatArray:
    """Distance of every voxel to the line from the joint down the stem, mm, float32; what is farther than `within_mm` may be infinite."""
    outwards = 1.0 if side is Side.RIGHT else -1.0
    along = np.array([outwards * settings.stem_mm[0], settings.stem_mm[1], settings.stem_mm[2]], np.float32)
    box = _around(grid, np.stack([joint, joint + along]), within_mm)
    places = np.ogrid[box]
    affine = grid.affine.astype(np.float32)
    # a coordinate that does not change along an axis is not spread out along it
    x, y, z = (
        sum(affine[r, axis] * places[axis] for axis in range(3) if affine[r, axis]) + (affine[r, 3] - np.float32(joint[r]))
        for r in range(3)
    )
    t = np.clip((x * along[0] + y * along[1] + z * along[2]) / np.float32(along @ along), 0, 1)
    distance = np.full(grid.shape, np.inf, np.float32)
    distance[box] = np.sqrt((x - t * along[0]) ** 2 + (y - t * along[1]) ** 2 + (z - t * along[2]) ** 2)
    return distance


def _around(grid: Grid, points_mm: FloatArray, within_mm: float) -> Box:
    """The part of a grid that holds every voxel so close to the line between some points."""
    if not np.isfinite(within_mm):
        return slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2])
    ends = grid.to_voxel(points_mm)
    reach = within_mm / np.array(grid.spacing_mm) + 1
    low, high = np.floor(ends.min(axis=0) - reach).clip(0), np.ceil(ends.max(axis=0) + reach).clip(0) + 1
    x, y, z = (slice(min(int(a), n), min(int(b), n)) for a, b, n in zip(low, high, grid.shape, strict=True))
    return x, y, z
