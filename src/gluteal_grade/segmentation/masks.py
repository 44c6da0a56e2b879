"""Whole muscles of a label map, whatever regions it tells apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.anatomy import LABEL_VALUES, Muscle, Side
from gluteal_grade.geometry import Array, Volume

Mask = npt.NDArray[np.bool_]
Box = tuple[slice, slice, slice]

_TOUCHING = np.ones((3, 3, 3), bool)  # corners too: a thin oblique muscle on thick slices hangs together by them


def values_in(labels: Volume) -> dict[tuple[Muscle, Side], list[int]]:
    """Voxel values of every labelled muscle; right before left, maximus, medius, minimus."""
    present: dict[tuple[Muscle, Side], list[int]] = {}
    counts = np.bincount(labels.array.ravel(), minlength=256)
    for value in sorted(v for v in LABEL_VALUES if counts[v]):
        part = LABEL_VALUES[value]
        present.setdefault((part.muscle, part.side), []).append(value)
    return present


def muscle_box(labels: Volume, values: list[int]) -> tuple[Mask, Box]:
    """The voxels with these values, cropped to their bounding box, and the box."""
    mask = np.isin(labels.array, values)
    box: Box = ndimage.find_objects(mask.view(np.uint8))[0]
    return mask[box], box


def pieces(mask: Mask) -> tuple[Array, npt.NDArray[np.intp]]:
    """Connected pieces (26 neighbours): their numbers from 1 in the voxels, 0 outside; and the voxels of each."""
    numbers, count = ndimage.label(mask, _TOUCHING)
    return numbers, np.bincount(numbers.ravel(), minlength=count + 1)[1:]


def points_mm(labels: Volume, mask: Mask, box: Box) -> npt.NDArray[np.float64]:
    """(n, 3) RAS+ mm of the voxels of a cropped mask."""
    return np.asarray(labels.grid.to_world(np.argwhere(mask) + [s.start for s in box]), np.float64)
