"""Plain fat at the border of an outline that goes on outside it: between muscle and fascia, or under the skin. It is no muscle.

Networks draw maximus as far as the fascia, and where the muscle ends earlier take the fat between for muscle: a thick band, deeper than
any margin. Fat of the muscle itself lies between its fibres, in streaks, or is enclosed by it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.config import FatBeyondSettings
from gluteal_grade.imaging import distance_inside
from gluteal_grade.measurement.core import Core

Mask = npt.NDArray[np.bool_]

_APART_MM = 1e6  # between slices, so that distances are within a slice


def fat_beyond(
    mask: Mask, fat_fraction: npt.NDArray[np.floating], spacing_mm: tuple[float, float, float], slice_axis: int, settings: FatBeyondSettings
) -> Mask:
    """Voxels of an outline that belong to a thick piece of plain fat which reaches out of it.

    Args:
        mask: (x, y, z) the muscle, with its surroundings in the box.
        fat_fraction: on the same grid, NaN where there is none.
        spacing_mm: voxel size along its axes.
        slice_axis: array axis across the slices.
        settings: how fat, how thick, how much of it outside.
    """
    fat = np.where(np.isfinite(fat_fraction), fat_fraction, 0) >= settings.least
    x, y, z = (_APART_MM if axis == slice_axis else spacing for axis, spacing in enumerate(spacing_mm))
    middles = distance_inside(fat, (x, y, z), 2 * settings.radius_mm) > settings.radius_mm
    if not (middles & mask).any():
        return np.zeros_like(mask)
    thick = fat & (distance_inside(~middles, (x, y, z), 2 * settings.radius_mm) <= settings.radius_mm)
    pieces, count = ndimage.label(thick)
    outside_ml = np.bincount(pieces[~mask], minlength=count + 1) * float(np.prod(spacing_mm)) / 1000
    outside_ml[0] = 0.0
    return np.asarray((outside_ml >= settings.min_outside_ml)[pieces] & mask)


def without_fat_beyond(core: Core, beyond: Mask, settings: FatBeyondSettings) -> tuple[Core, float]:
    """The core without that fat, and the share of its voxels that this was; untouched where the muscle itself may be as fat.

    Args:
        core: of the whole muscle.
        beyond: see `fat_beyond`, on the same grid.
        settings: how lean the rest must be, and how much of the muscle.
    """
    sure = np.isfinite(core.own)
    rest = sure & ~beyond
    kept = int(rest.sum()) / max(int(sure.sum()), 1)
    if kept == 1 or kept < settings.min_rest or float(core.own[rest].mean()) > settings.max_rest_fat:
        return core, 0.0
    return Core(np.where(rest, core.own, np.float32(np.nan)), core.deeper & rest), 1 - kept
