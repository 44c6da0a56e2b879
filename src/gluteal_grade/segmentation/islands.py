"""Pieces of one gluteus that lie within another in a slice: no muscle begins anew inside its neighbour."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging import Mask, in_plane, muscles_of, thick_axis
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, Muscle, Side


def without_islands(labels: Volume, uncertainty: Volume, least_share: float) -> tuple[Volume, Volume]:
    """Labels in which every such piece is what is around it, and their uncertainty.

    A piece is an island if its muscle has a larger one in the slice and another gluteus of its side has `least_share` of its rim.

    Args:
        labels: uint8, values of `LABEL_VALUES`, with or without regions.
        uncertainty: 1 - probability of the label, on the same grid. In an island that of the new label is at most what the old one left.
        least_share: 0-1, of the voxel faces within the slice where the piece ends.
    """
    across = thick_axis(labels.spacing_mm)
    found = labels.array.copy()
    for (muscle, side), (mask, box) in muscles_of(labels).items():
        if muscle not in GLUTEI:
            continue
        i, j, k = (slice(max(s.start - 1, 0), s.stop + 1) for s in box)
        around = labels.array[i, j, k]
        wide = np.zeros(around.shape, bool)
        wide[tuple(slice(s.start - w.start, s.stop - w.start) for s, w in zip(box, (i, j, k), strict=True))] = mask
        neighbours = np.where(_values_beside(muscle, side)[around], around, 0)
        _join(found[i, j, k], wide, neighbours, across, least_share)
    doubt = uncertainty.array
    return labels.with_array(found), uncertainty.with_array(np.where(found != labels.array, np.maximum(doubt, 1 - doubt), doubt))


def _values_beside(muscle: Muscle, side: Side) -> Mask:
    """(256,) which label values are another gluteus of the same side."""
    beside = np.zeros(256, bool)
    beside[[v for v, part in LABEL_VALUES.items() if part.side is side and part.muscle in GLUTEI and part.muscle is not muscle]] = True
    return beside


def _join(found: Array, mask: Mask, neighbours: Array, across: int, least_share: float) -> None:
    """Relabel the islands of one muscle's mask (in place) as most of their rim is; `neighbours` holds the values that they may take."""
    flat = ndimage.generate_binary_structure(3, 1)
    flat[tuple(slice(None, None, 2) if axis == across else slice(None) for axis in range(3))] = False
    numbers, count = ndimage.label(mask, flat)
    slices = np.array([box[across].start for box in ndimage.find_objects(numbers)])
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)[1:]
    smaller = [n for n in range(count) if n != np.where(slices == slices[n], sizes, 0).argmax()]
    if not smaller:
        return
    rims = np.zeros((count, 256), int)  # of each piece: faces against each value
    for axis in in_plane(across):
        for here, there in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
            one, other = (tuple(step if a == axis else slice(None) for a in range(3)) for step in (here, there))
            ends = mask[one] & ~mask[other]
            np.add.at(rims, (numbers[one][ends] - 1, neighbours[other][ends]), 1)
    for number in smaller:
        rim = rims[number]
        if rim[1:].max() >= max(least_share * rim.sum(), 1):
            found[numbers == number + 1] = 1 + rim[1:].argmax()
