"""A vendor's fat-fraction map, brought to 0-1."""

from __future__ import annotations

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.dixon import signal_floor
from gluteal_grade.fat.fatmap import FatMap, Method
from gluteal_grade.study import Series


def from_map(series: Series, image: Series | None, settings: FatSettings) -> FatMap:
    """A vendor's fat-fraction map in 0-1, percent or permille, told apart by its own values.

    Args:
        series: the map.
        image: an anatomical series on the same grid for looking at and for leaving out air; the map itself where None.

    Raises:
        RefusedInput: `ff_scale_unknown`, or what reading the images raises.
    """
    raw = series.load()
    values = raw.array.astype(np.float32)
    top = float(np.nanpercentile(values, 99.5)) if np.isfinite(values).any() else float("nan")
    # adipose tissue is in every pelvis and reads 0.8-1.0; noise in air fills the whole range
    scale = next((s for s in (1.0, 100.0, 1000.0) if 0.5 * s <= top <= 1.1 * s), None)
    if scale is None:
        raise RefusedInput(Reason.FF_SCALE_UNKNOWN, f"the 99.5th percentile of the map is {top:.4g}")
    fraction = raw.with_array(np.clip(values / scale, 0, 1))
    background = image.load() if image else raw
    if image and background.grid.matches(raw.grid):
        floor = signal_floor(background, settings)
        fraction = fraction.with_array(np.where(background.array > floor, fraction.array, np.nan).astype(np.float32))
    else:
        background = raw
    return FatMap(fraction, Method.FAT_FRACTION_MAP, (series,), background, facts={"map_scale": scale})
