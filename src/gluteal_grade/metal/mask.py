"""A mask that the user drew: voxels that are not measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io import read_volume
from gluteal_grade.metal.artifact import Mask


def read_mask(path: Path) -> Volume:
    """Boolean RAS+ volume: True where the file is not 0.

    Raises:
        RefusedInput: `mask_unreadable`.
    """
    if not path.is_file():
        raise RefusedInput(Reason.MASK_UNREADABLE, "no file at the path given to --exclude")
    try:
        volume = read_volume(path).to_ras()
    except RefusedInput as error:
        raise RefusedInput(Reason.MASK_UNREADABLE, f"{error.reason.value}: {error.detail}") from error
    return volume.with_array(np.nan_to_num(volume.array) != 0)


def mask_on(mask: Volume, grid: Grid) -> Mask:
    """The mask on another grid of the same patient space, nearest voxel.

    Raises:
        RefusedInput: `mask_unreadable`: the two do not overlap, so the mask was drawn on something else.
    """
    corners = grid.to_voxel(mask.grid.corners_mm())
    if np.any(corners.max(axis=0) < 0) or np.any(corners.min(axis=0) > np.array(grid.shape) - 1):
        raise RefusedInput(Reason.MASK_UNREADABLE, "the mask lies outside the labelled image")
    there = mask.with_array(mask.array.astype(np.uint8)).resampled(grid, labels=True)
    return np.asarray(there.array > 0)
