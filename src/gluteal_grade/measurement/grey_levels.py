"""Images stored in few grey levels: rounding alone moves their fat fractions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Array
from gluteal_grade.vocabulary import SeriesKind

_FEW = 160  # [U] between black and fat; values cut to whole numbers then lose up to 0.6 % of the signal of fat
_LOOKED_AT = 200_000  # voxels
_BRIGHT = 99.0  # percentile: fat, not a coil's corner
_ON_A_SCALE = {SeriesKind.CT, SeriesKind.FAT_FRACTION}  # whole HU or percent are what they claim to be


def step_and_brightest(image: Array) -> tuple[float, float]:
    """The least difference of two values that occur, and the signal of the brightest tissue.

    A slope of the header changes nothing about their ratio; an image that was computed or interpolated has steps next to nothing.
    """
    values = image[np.isfinite(image)].ravel()
    values = values[:: max(1, values.size // _LOOKED_AT)]
    steps = np.diff(np.unique(values.astype(np.float64)))
    if not steps.size:
        return 0.0, 0.0
    return float(steps.min()), float(np.percentile(values, _BRIGHT))


def with_grey_levels_told(fat: FatMap) -> FatMap:
    """The map with a note for each of its images that holds few grey levels, and a spread that allows for their rounding."""
    found = {s.id: step_and_brightest(s.load().array) for s in fat.series if s.kind not in _ON_A_SCALE}
    brightest = max((bright for _, bright in found.values()), default=0.0)  # water and fat share one scale
    few = {series: brightest / step for series, (step, _) in found.items() if 0 < brightest < _FEW * step}
    if not few:
        return fat
    cut = 0.5 / min(few.values())  # values cut to whole numbers are half a level too low on average
    spread = replace(fat.spread, offset_sd=float(np.hypot(fat.spread.offset_sd, cut)))
    return replace(fat, notes=(*fat.notes, *(_note(series, levels) for series, levels in few.items())), spread=spread)


def _note(series: str, levels: float) -> Note:
    words = f"series {series} holds about {levels:.0f} grey levels between black and fat: rounding moves a fraction by up to"
    return Note(Reason.FEW_GREY_LEVELS, f"{words} {100 / levels:.1f} points")
