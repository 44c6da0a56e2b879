"""Fat from CT: Hounsfield windows for fat and lean muscle, and a two-anchor fraction."""

from __future__ import annotations

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.imaging.body import body_mask
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import Method


def from_ct(series: Series, settings: FatSettings) -> FatMap:
    """clip((HU_lean - HU) / (HU_lean - HU_fat), 0, 1); voxels outside the soft-tissue range (metal, streaks, gas, bone) are NaN.

    Raises:
        RefusedInput: `ct_not_hu`, or what reading the image raises.
    """
    image = series.load()
    hu = image.array.astype(np.float32)
    if float(np.nanmin(hu)) >= -20:
        raise RefusedInput(Reason.CT_NOT_HU, f"the lowest value is {float(np.nanmin(hu)):.0f}; fat and air lie far below 0 HU")
    ct = settings.ct
    fraction = np.clip((ct.lean_anchor_hu - hu) / (ct.lean_anchor_hu - ct.fat_anchor_hu), 0, 1)
    low, high = ct.evaluable_hu
    fraction[(hu < low) | (hu > high)] = np.nan
    return FatMap(
        image.with_array(fraction),
        Method.CT,
        (series,),
        image,
        image.with_array(body_mask(image, ct=True)),
        facts={"lean_anchor_hu": ct.lean_anchor_hu, "fat_anchor_hu": ct.fat_anchor_hu},
        notes=(Note(Reason.CT_UNCALIBRATED, "CT fat fraction comes from two fixed HU anchors, not calibrated against MRI"),),
        ct_lean=image.with_array((hu >= ct.lean_hu[0]) & (hu <= ct.lean_hu[1])),
        ct_fat=image.with_array((hu >= ct.fat_hu[0]) & (hu <= ct.fat_hu[1])),
    )
