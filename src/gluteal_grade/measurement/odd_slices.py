"""Slices of a measured image that are not what their place says: left out of the fat map, and told."""

from __future__ import annotations

import numpy as np

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat import FatMap
from gluteal_grade.imaging import Mask, empty_slices, moved_slices, repeated_slices, shuffled
from gluteal_grade.io import Series

_MOST = 0.5  # of the slices, or of the body; with less the rest is measured, and muscles that lose too much of themselves are not graded


def odd_slices(series: Series) -> tuple[tuple[Reason, Mask, str], ...]:
    """What speaks against slices of one image: the reason, which slices (along its slice axis) and words.

    Raises:
        RefusedInput, TransientFailure: the image cannot be read.
    """
    image, axis = series.load().array, series.slice_axis
    count = image.shape[axis]
    found = []
    for test, word in ((empty_slices, "empty between others"), (repeated_slices, "the picture of a neighbour again")):
        which = test(image, axis)
        if which.any():
            found.append((Reason.EMPTY_SLICES, which, f"{_numbers(which)} of {count} of series {series.id}: {word}"))
    if shuffled(image, axis):
        words = f"the {count} slices of series {series.id} are out of order: what is most like a slice lies far from it"
        return (*found, (Reason.SLICES_MOVED, np.ones(count, bool), words))
    if moved := moved_slices(image, axis):
        which = np.zeros(count, bool)
        which[[k for pair in moved for k in pair]] = True
        pairs = ", ".join(f"{i + 1} and {j + 1}" for i, j in moved)
        found.append((Reason.SLICES_MOVED, which, f"slices {pairs} of {count} of series {series.id} changed places: exchanged they fit"))
    return tuple(found)


def without_odd_slices(fat: FatMap) -> FatMap:
    """The map without values in such slices of any of its images.

    Raises:
        RefusedInput: `empty_slices` or `slices_moved` where that is most of it.
    """
    body = fat.body.array
    for series in fat.series:
        if series.grid is None or not series.grid.matches(fat.volume.grid):
            continue
        for reason, which, words in odd_slices(series):
            shape = [1, 1, 1]
            shape[series.slice_axis] = len(which)
            where = np.broadcast_to(which.reshape(shape), body.shape)
            if which.mean() > _MOST or float((where & body).sum()) > _MOST * float(body.sum()):
                raise RefusedInput(reason, words)
            if not np.isnan(fat.volume.array[where]).all():
                fat = fat.without(where, reason, Note(reason, f"{words}: not measured there"))
    return fat


def _numbers(which: Mask) -> str:
    slices = (1 + np.flatnonzero(which)).tolist()
    shown = ", ".join(map(str, slices[:8])) + (" ..." if len(slices) > 8 else "")
    return f"slice{'s' if len(slices) > 1 else ''} {shown}"
