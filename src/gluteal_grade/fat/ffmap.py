"""A vendor's fat-fraction map, brought to 0-1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.fatmap import FatMap, Spread
from gluteal_grade.fat.method import FatMethod, always
from gluteal_grade.fat.pair import WILD, signal_floor
from gluteal_grade.fat.swap import find_swaps
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import body_mask, tissue_sigma
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, SeriesKind


def from_map(series: Series, in_phase: Series | None, settings: FatSettings) -> FatMap:
    """A vendor's fat-fraction map in 0-1, percent or permille, told apart by its own values.

    Args:
        series: the map.
        in_phase: the in-phase series of the same acquisition, to look at and to leave air out by; without it the map stands for both.
        settings: the signal floor.

    Raises:
        RefusedInput: `ff_scale_unknown`, `water_fat_swap`, or what reading the images raises.
    """
    raw = series.load()
    values = raw.array.astype(np.float32)
    top = float(np.nanpercentile(values, 99.5)) if np.isfinite(values).any() else float("nan")
    # adipose tissue is in every pelvis and reads 0.8-1.0; noise in air fills the whole range
    scale = next((s for s in (1.0, 100.0, 1000.0) if 0.5 * s <= top <= 1.1 * s), None)
    if scale is None:
        raise RefusedInput(Reason.FF_SCALE_UNKNOWN, f"the 99.5th percentile of the map is {top:.4g}")
    fraction = np.clip(values / scale, -WILD, 1 + WILD)  # cut at 0, a lean muscle would lose the lower half of its noise
    image = in_phase.load() if in_phase else raw
    body = body_mask(image) if in_phase else np.ones(raw.shape, bool)
    if in_phase:
        fraction[image.array <= signal_floor(image.array, body, settings)] = np.nan
    swaps = find_swaps(raw.with_array(fraction), body, series.slice_axis, settings.swap)
    if swaps.whole:
        fraction = 1 - fraction
    # fat of 50 % and more is where a map's own noise shows; what the scanner corrected it does not say
    noise = tissue_sigma(np.nan_to_num(fraction), body, series.slice_axis, settings.noise) or 0.0
    found = FatMap(
        raw.with_array(fraction),
        Method.FAT_FRACTION_MAP,
        (series,),
        image,
        raw.with_array(body),
        facts={"map_scale": scale},
        notes=(Note(Reason.WEIGHTING, "the scanner's own map: whether it corrects T1, T2* and noise, its header does not say"),),
        spread=Spread(offset_sd=settings.dixon.unknown_offset_sd, gain_sd=settings.dixon.unknown_gain_sd, noise_sd=noise),
    )
    return found.without(swaps.excluded, Reason.WATER_FAT_SWAP, *swaps.notes)


def _measure(series: Sequence[Series], settings: FatSettings) -> FatMap:
    return from_map(series[0], series[1] if len(series) > 1 else None, settings)


def _magnitude(fat: FatMap) -> Volume | None:
    """The in-phase image; without one there is none: lean muscle is black on the map itself."""
    return None if fat.body.array.all() else fat.image


METHOD = FatMethod(
    Method.FAT_FRACTION_MAP,
    kinds=(SeriesKind.FAT_FRACTION,),
    helper=SeriesKind.DIXON_IN_PHASE,
    place=always(20, 20, "the scanner's fat-fraction map"),
    measure=_measure,
    magnitude=_magnitude,
)
