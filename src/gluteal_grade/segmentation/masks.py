"""Whole muscles of a label map, whatever regions it tells apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.anatomy import LABEL_VALUES
from gluteal_grade.coverage import Key
from gluteal_grade.geometry import Array, Volume

Mask = npt.NDArray[np.bool_]
Box = tuple[slice, slice, slice]

_TOUCHING = np.ones((3, 3, 3), bool)  # corners too: a thin oblique muscle on thick slices hangs together by them


def values_in(labels: Volume) -> dict[Key, list[int]]:
    """Voxel values of every labelled muscle; right before left, maximus, medius, minimus."""
    present: dict[Key, list[int]] = {}
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


def voxels_of(labels: Volume) -> dict[Key, npt.NDArray[np.intp]]:
    """(n, 3) voxel indices of every labelled muscle, in one look at the volume; order as `values_in`."""
    inside = np.argwhere(labels.array)
    values = labels.array[tuple(inside.T)]
    return {key: inside[np.isin(values, found)] for key, found in values_in(labels).items()}


def pieces(mask: Mask) -> tuple[Array, npt.NDArray[np.intp]]:
    """Connected pieces (26 neighbours): their numbers from 1 in the voxels, 0 outside; and the voxels of each."""
    numbers, count = ndimage.label(mask, _TOUCHING)
    return numbers, np.bincount(numbers.ravel(), minlength=count + 1)[1:]
