"""Are water and fat on one scale? By header, and by noise: both images of one acquisition are equally noisy."""

from __future__ import annotations

import math

import numpy as np

from gluteal_grade.config import DixonSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.imaging import Noise, NoiseSource
from gluteal_grade.io import Series

_SAME_SLOPE = 1e-3


def check_headers(water: Series, fat: Series) -> bool:
    """Whether the header speaks for one scale. Philips scales each image type by itself (dcm2niix #1022).

    Slopes that differ, of a maker that an anonymiser took away with all private elements, are as Philips writes them: they prove nothing.

    Raises:
        RefusedInput: `unequal_scaling`: only one of the two carries scanner scaling.
    """
    maker = (water.acquisition.manufacturer or "").lower()
    slopes = water.acquisition.display_slope, fat.acquisition.display_slope
    if not maker and slopes[0] and slopes[1] and not math.isclose(slopes[0], slopes[1], rel_tol=_SAME_SLOPE):
        return False
    if "philips" not in maker:
        return True
    scaled = [s.acquisition.rescaled for s in (water, fat)]
    if scaled[0] != scaled[1]:
        raise RefusedInput(Reason.UNEQUAL_SCALING, f"of series {water.id} and {fat.id} only one carries scanner scaling")
    return scaled[0]


def common_scale(noise: tuple[Noise | None, ...], scanner_scale: bool, settings: DixonSettings) -> tuple[float, tuple[Note, ...]]:
    """What the fat image must be multiplied with, and why.

    Noise in air tells the ratio of the scales. It is used where the header does not; where it contradicts the header the pair is
    refused.

    Args:
        noise: of the water and of the fat image.
        scanner_scale: what `check_headers` said.
        settings: how far apart the noise may be.

    Raises:
        RefusedInput: `unequal_scaling`.
    """
    water, fat = noise
    in_air = water is not None and fat is not None and water.source is fat.source is NoiseSource.AIR
    if not in_air or water is None or fat is None or min(water.sigma, fat.sigma) <= 0:
        if scanner_scale:
            return 1.0, ()
        return 1.0, (Note(Reason.UNEQUAL_SCALING, "no scanner scaling (2005,100E): water and fat are taken at their display scale"),)
    ratio = water.sigma / fat.sigma
    apart = float(np.exp(abs(np.log(ratio))))
    if scanner_scale and apart > settings.max_scale_difference:
        raise RefusedInput(Reason.UNEQUAL_SCALING, f"noise in air of water over that of fat is {ratio:.2f}: they are scaled differently")
    if scanner_scale or apart < settings.same_scale:
        return 1.0, ()
    words = f"no scanner scaling (2005,100E): fat was multiplied with {ratio:.2f}, which makes both images equally noisy"
    return ratio, (Note(Reason.UNEQUAL_SCALING, words),)
