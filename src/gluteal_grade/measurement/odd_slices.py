"""Slices of a measured image that are not what their place says: left out of the fat map, and told."""

from __future__ import annotations

import numpy as np

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat import FatMap
from gluteal_grade.imaging import (
    Mask,
    another_brightness,
    cut_slices,
    empty_slices,
    foreign_slices,
    moved_slices,
    noise_slices,
    reordered,
    repeated_slices,
    shuffled,
    slices_apart,
    turned_in_stack,
    unit_edges,
)
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import SeriesKind

_EMPTY = (
    (empty_slices, "empty between others"),
    (cut_slices, "a good part is empty where the neighbours show tissue"),
    (noise_slices, "nothing but noise"),
    (repeated_slices, "the picture of another slice again"),
)
_MISPLACED = (
    (Reason.TURNED_OVER, turned_in_stack, "turned over within themselves against the others"),
    (Reason.SLICES_MOVED, foreign_slices, "unlike both neighbours, which are alike"),
    (Reason.SLICES_MOVED, reordered, "the stack does not go on there, and in another order it does"),
)
_ALONG = 2  # axis of RAS+
_MOST = 0.5  # of the slices, or of the body; with less the rest is measured, and muscles that lose too much of themselves are not graded


def odd_slices(series: Series) -> tuple[tuple[Reason, Mask, str], ...]:
    """What speaks against slices of one image: the reason, which slices (along its slice axis) and words.

    Raises:
        RefusedInput, TransientFailure: the image cannot be read.
    """
    volume, axis = series.load(), series.slice_axis
    image = volume.array
    count = image.shape[axis]
    found = []
    for test, word in _EMPTY:
        if (which := test(image, axis)).any():
            found.append((Reason.EMPTY_SLICES, which, f"{_numbers(which)} of {count} of series {series.id}: {word}"))
    apart = slices_apart(image, axis)
    if shuffled(apart):
        words = f"the {count} slices of series {series.id} are out of order: what is most like a slice lies far from it"
        return (*found, (Reason.SLICES_MOVED, np.ones(count, bool), words))
    if (which := moved_slices(apart, along=axis == _ALONG)).any():
        words = f"{_numbers(which)} of {count} of series {series.id} changed places: in another order they fit far better"
        found.append((Reason.SLICES_MOVED, which, words))
    known = np.any([which for _, which, _ in found], axis=0) if found else np.zeros(count, bool)
    unit = unit_edges(volume, axis)
    sound = not known.any()
    for reason, ask, word in _MISPLACED:
        if ask is reordered and not sound:  # a slice that is odd by itself is a tear of the stack, too
            continue
        if (which := ask(unit) & ~known).any():
            found.append((reason, which, f"{_numbers(which)} of {count} of series {series.id}: {word}"))
            known |= which
            sound = False
    return tuple(found)


def without_odd_slices(fat: FatMap) -> FatMap:
    """The map without values in such slices of any of its images.

    Raises:
        RefusedInput: `empty_slices`, `slices_moved` or `turned_over` where that is most of it.
    """
    body = fat.body.array
    for series in fat.series:
        if series.grid is None or not series.grid.matches(fat.volume.grid):
            continue
        for reason, which, words in odd_slices(series):
            known = _excluded(fat, series.slice_axis)
            shape = [1, 1, 1]
            shape[series.slice_axis] = len(which)
            where = np.broadcast_to((which & ~known).reshape(shape), body.shape)
            if which.mean() > _MOST or float((where & body).sum()) > _MOST * float(body.sum()):
                raise RefusedInput(reason, words)
            if (which & ~known).any():
                fat = fat.without(where, reason, Note(reason, f"{words}: not measured there"))
    return fat


def refuse_two_scales(series: Series) -> None:
    """Refuse an image that is measured without a partner if slices are at another scale: its tissue references would be right nowhere.

    Raises:
        RefusedInput: `rescale_contradicts`, or why the image cannot be read.
    """
    if series.kind is SeriesKind.CT:
        return
    which = another_brightness(series.load().array, series.slice_axis)
    if which[1:-1].any():  # the first and the last slice of a slab are often dark
        words = f"{_numbers(which)} of {len(which)} of series {series.id}: brighter or darker than the others by a step that no coil makes"
        raise RefusedInput(Reason.RESCALE_CONTRADICTS, words)


def _excluded(fat: FatMap, slice_axis: int) -> Mask:
    """(slices,) True where the method itself has left a slice out, or what is empty of it: it is told, and need not be told again."""
    across = tuple(axis for axis in range(3) if axis != slice_axis)
    known = np.zeros(fat.volume.grid.shape[slice_axis], bool)
    for one in fat.excluded:
        found = one.where.array.any(axis=across) if one.reason is Reason.EMPTY_SLICES else one.where.array.all(axis=across)
        known |= found
    return known


def _numbers(which: Mask) -> str:
    slices = (1 + np.flatnonzero(which)).tolist()
    shown = ", ".join(map(str, slices[:8])) + (" ..." if len(slices) > 8 else "")
    return f"slice{'s' if len(slices) > 1 else ''} {shown}"
