"""A pelvis of ellipsoids: label maps whose every voxel is known by construction."""

import numpy as np

from gluteal_grade_lab.training.prepare.labelled import Labelled

SHAPE = (100, 72, 88)
# label: centre and half-axes in voxels; left has low x
PARTS = {
    1: ((25, 18, 36), (15, 8, 24)),
    3: ((18, 40, 56), (7, 12, 16)),
    5: ((27, 44, 52), (4, 9, 11)),
    76: ((40, 54, 56), (6, 6, 24)),
    57: ((33, 40, 52), (4, 14, 20)),
    59: ((28, 42, 20), (7, 7, 24)),
}
HEADS = np.array([[71.0, 42.0, 34.0], [28.0, 42.0, 34.0]])


def ellipsoid(shape: tuple[int, ...], centre: tuple[float, ...], axes: tuple[float, ...]) -> np.ndarray:
    grid = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij", sparse=True)
    return sum(((g - c) / a) ** 2 for g, c, a in zip(grid, centre, axes, strict=True)) <= 1


def toy(low: tuple[int, int, int] = (0, 0, 0), shift: tuple[int, int, int] = (0, 0, 0)) -> Labelled:
    """The toy pelvis, seen from `low` upwards only, moved by whole voxels."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    for value, (centre, axes) in PARTS.items():
        for side in (0, 1):
            x = centre[0] if side == 0 else SHAPE[0] - 1 - centre[0]
            part = ellipsoid(SHAPE, (x + shift[0], centre[1] + shift[1], centre[2] + shift[2]), axes)
            labels[part & (labels == 0)] = value + side
    labels[ellipsoid(SHAPE, (49.5 + shift[0], 24 + shift[1], 62 + shift[2]), (9, 7, 16)) & (labels == 0)] = 61
    box = np.array(low)
    held = Labelled("toy", labels, box, np.array(SHAPE), HEADS + shift, np.array([7.0, 7.0]))
    return Labelled("toy", np.where(held.seen, labels, 0).astype(np.uint8), box, np.array(SHAPE), held.heads, held.radii)
