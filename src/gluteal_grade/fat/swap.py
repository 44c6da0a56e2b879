"""Are water and fat images swapped? First version: whole-volume swaps, refused."""

from __future__ import annotations

import numpy as np

from gluteal_grade.config import SwapSettings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.body import depth_mm, subcutaneous_shell
from gluteal_grade.fat.fatmap import FatMap, Method
from gluteal_grade.geometry import Volume


def refuse_swapped(fat: FatMap, labels: Volume, settings: SwapSettings) -> None:
    """Refuse a Dixon map in which subcutaneous fat reads as water while the glutei read as fat.

    Both must hold, so that neither a fully fatty muscle nor a picture without skin is taken for a swap.

    Raises:
        RefusedInput: `water_fat_swap`.
    """
    if fat.method not in (Method.DIXON, Method.FAT_FRACTION_MAP):
        return
    fraction = fat.volume.array
    depth = depth_mm(fat.body.array, fat.volume.spacing_mm)
    shell = subcutaneous_shell(depth, fat.volume.spacing_mm, settings.shell_mm)
    under_skin = fraction[shell & np.isfinite(fraction)]
    glutei = fraction[(labels.array > 0) & np.isfinite(fraction)]
    if under_skin.size < 100 or not glutei.size:
        return
    skin, muscle = float(np.median(under_skin)), float(np.median(glutei))
    if skin < settings.shell_below and muscle > settings.muscle_above:
        raise RefusedInput(Reason.WATER_FAT_SWAP, f"under the skin {skin:.0%} fat, in the glutei {muscle:.0%}")
