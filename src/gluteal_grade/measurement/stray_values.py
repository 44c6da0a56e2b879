"""Single voxels that no tissue gives are left out of the fat map, and told."""

from __future__ import annotations

from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat import FatMap
from gluteal_grade.imaging import Mask, stray_voxels
from gluteal_grade.io import Series


def strays_of(series: Series) -> tuple[Mask, str]:
    """Stray voxels of one image, and words; see `stray_voxels`.

    Raises:
        RefusedInput, TransientFailure: the image cannot be read.
    """
    which = stray_voxels(series.load().array, series.slice_axis)
    count = int(which.sum())
    said = "a single voxel is" if count == 1 else f"{count} single voxels are"
    return which, f"series {series.id}: {said} far brighter than all that surrounds them, as no tissue is"


def without_strays(fat: FatMap) -> FatMap:
    """The map without values where any of its images has such a voxel."""
    for series in fat.series:
        if series.grid is None or not series.grid.matches(fat.volume.grid):
            continue
        which, words = strays_of(series)
        if which.any():
            fat = fat.without(which, Reason.STRAY_VOXELS, Note(Reason.STRAY_VOXELS, f"{words}: not measured there"))
    return fat
