"""Slices at an end of the stack that hold no picture: what is not measured or read there, and said so."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import empty_slices
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method

_OF_ONE_IMAGE = {Method.T1, Method.T2, Method.PD}  # scaled by tissues that are looked for in the whole stack


def slices_without_picture(labels: Volume, maps: Iterable[FatMap]) -> tuple[Note, ...]:
    """Notes of images that end so where labels lie, or where the fat is scaled by tissues of the image; other padding is sound.

    Empty slices between others are told by `odd_slices`.

    Args:
        labels: the glutei, RAS+.
        maps: fat of the sides; images on another grid are not asked.
    """
    notes = []
    for series, method in {series.id: (series, fat.method) for fat in maps for series in fat.series}.values():
        if series.grid is None or not series.grid.matches(labels.grid):
            continue
        image, axis = series.load().array, series.slice_axis
        planes = np.moveaxis(image, axis, 0)
        empty = (planes == planes[:, :1, :1]).all(axis=(1, 2)) & ~empty_slices(image, axis)
        labelled = np.moveaxis(labels.array, axis, 0).any(axis=(1, 2))
        if count := int((empty & labelled).sum()):
            notes.append(Note(Reason.EMPTY_SLICES, f"{_at_an_end(count, series)} labels and no picture: not measured there"))
        elif (count := int(empty.sum())) and method in _OF_ONE_IMAGE:
            words = f"{_at_an_end(count, series)} no picture: the tissues that fat is compared with are those of the others"
            notes.append(Note(Reason.EMPTY_SLICES, words))
    return tuple(notes)


def _at_an_end(count: int, series: Series) -> str:
    return f"1 slice at an end of series {series.id} holds" if count == 1 else f"{count} slices at an end of series {series.id} hold"
