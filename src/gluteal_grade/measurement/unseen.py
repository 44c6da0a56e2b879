"""Labels in slices at an end of the stack that hold no picture: nothing is measured there, and said so."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import empty_slices


def labels_without_picture(labels: Volume, maps: Iterable[FatMap]) -> tuple[Note, ...]:
    """One note for each image with such slices. Empty ones between others are told by `odd_slices`; padding without labels is none.

    Args:
        labels: the glutei, RAS+.
        maps: fat of the sides; images on another grid are not asked.
    """
    notes = []
    for series in {series.id: series for fat in maps for series in fat.series}.values():
        if series.grid is None or not series.grid.matches(labels.grid):
            continue
        image, axis = series.load().array, series.slice_axis
        planes = np.moveaxis(image, axis, 0)
        empty = (planes == planes[:, :1, :1]).all(axis=(1, 2)) & ~empty_slices(image, axis)
        labelled = np.moveaxis(labels.array, axis, 0).any(axis=(1, 2))
        count = int((empty & labelled).sum())
        if count:
            said = "1 slice at an end of series {} holds" if count == 1 else f"{count} slices at an end of series {{}} hold"
            notes.append(Note(Reason.EMPTY_SLICES, f"{said.format(series.id)} labels and no picture: not measured there"))
    return tuple(notes)
