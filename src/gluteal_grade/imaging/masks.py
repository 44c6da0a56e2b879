"""Whole muscles of a label map, whatever regions it tells apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging.coverage import Key
from gluteal_grade.imaging.planes import Box, Mask, boxes_of
from gluteal_grade.vocabulary import LABEL_VALUES, OPTIONAL_VALUES

_TOUCHING = np.ones((3, 3, 3), bool)  # corners too: a thin oblique muscle on thick slices hangs together by them


def values_in(labels: Volume) -> dict[Key, list[int]]:
    """Voxel values of every labelled muscle; right before left, maximus, medius, minimus."""
    return {key: values for key, (values, _) in _found(labels).items()}


def muscles_of(labels: Volume) -> dict[Key, tuple[Mask, Box]]:
    """Every labelled muscle, cropped to its bounding box, and the box; order as `values_in`.

    Args:
        labels: uint8, values of `anatomy.LABEL_VALUES`.
    """
    return {key: _cropped(labels.array, boxes, values) for key, (values, boxes) in _found(labels).items()}


def voxels_of(labels: Volume) -> dict[Key, npt.NDArray[np.intp]]:
    """(n, 3) voxel indices of every labelled muscle; order as `values_in`."""
    return {key: np.argwhere(mask) + [s.start for s in box] for key, (mask, box) in muscles_of(labels).items()}


def glutei_of(labels: Volume) -> Volume:
    """The labels without muscles that are none of the glutei; the same object where there are none.

    Whatever is said of a hip, a side or a study as a whole is asked of these.
    """
    others = np.isin(labels.array, OPTIONAL_VALUES)
    return labels.with_array(np.where(others, 0, labels.array).astype(labels.array.dtype)) if others.any() else labels


def pieces(mask: Mask) -> tuple[Array, npt.NDArray[np.intp]]:
    """Connected pieces (26 neighbours): their numbers from 1 in the voxels, 0 outside; and the voxels of each."""
    numbers, count = ndimage.label(mask, _TOUCHING)
    return numbers, np.bincount(numbers.ravel(), minlength=count + 1)[1:]


def _found(labels: Volume) -> dict[Key, tuple[list[int], list[Box]]]:
    """Values and their bounding boxes, muscle by muscle, in one look at the volume."""
    found: dict[Key, tuple[list[int], list[Box]]] = {}
    for value, box in boxes_of(labels.array).items():
        if value in LABEL_VALUES:
            values, boxes = found.setdefault((LABEL_VALUES[value].muscle, LABEL_VALUES[value].side), ([], []))
            values.append(value)
            boxes.append(box)
    return found


def _cropped(array: Array, boxes: list[Box], values: list[int]) -> tuple[Mask, Box]:
    i, j, k = (slice(min(b[axis].start for b in boxes), max(b[axis].stop for b in boxes)) for axis in range(3))
    return np.isin(array[i, j, k], values), (i, j, k)
