"""Fat from CT: Hounsfield windows for fat and lean muscle, and a two-anchor fraction."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.method import FatMethod, always
from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import Mask, body_mask, depth_mm, modal_value, subcutaneous_shell
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, SeriesKind

_ANCHORS_KV = 120.0  # the tube voltage that HU of muscle and fat are published for
_SHELL_MM = 3.0, 15.0  # under the skin; at the hip fat even of lean people
_LEAST_ML = 20.0
_KEV = re.compile(r"(\d{2,3}) ?kev", re.IGNORECASE)


def _limits(series: Series) -> tuple[Note, ...]:
    """What the number rests on, and what moves the HU of muscle and fat away from the anchors."""
    found = [Note(Reason.CT_UNCALIBRATED, "CT fat fraction comes from two fixed HU anchors, not calibrated against MRI")]
    if series.acquisition.contrast_agent:
        found.append(Note(Reason.CT_CONTRAST_MEDIUM, "contrast medium raises the HU of muscle: fat fractions read too low"))
    energy = _KEV.search(series.description)
    if energy is not None:
        found.append(Note(Reason.CT_ENERGY, f"a virtual image at {energy[1]} keV; the anchors are those of 120 kVp"))
    elif series.acquisition.tube_kv is not None and series.acquisition.tube_kv != _ANCHORS_KV:
        found.append(Note(Reason.CT_ENERGY, f"taken at {series.acquisition.tube_kv:g} kVp; the anchors are those of 120 kVp"))
    return tuple(found)


def _fat_under_skin(hu: FloatArray, body: Mask, spacing_mm: tuple[float, float, float]) -> float | None:
    """The commonest value in the layer under the skin; None where too little of it is in view."""
    shell = subcutaneous_shell(depth_mm(body, spacing_mm, _SHELL_MM[1]), spacing_mm, _SHELL_MM)
    seen = hu[shell]
    if len(seen) * float(np.prod(spacing_mm)) / 1000 < _LEAST_ML:
        return None
    return modal_value(seen)


def from_ct(series: Series, settings: FatSettings) -> FatMap:
    """clip((HU_lean - HU) / (HU_lean - HU_fat), 0, 1); voxels outside the soft-tissue range (metal, streaks, gas, bone) are NaN.

    Raises:
        RefusedInput: `ct_not_hu`, or what reading the image raises.
    """
    image = series.load()
    hu = image.array.astype(np.float32)
    if float(np.nanmin(hu)) >= -20:
        raise RefusedInput(Reason.CT_NOT_HU, f"the lowest value is {float(np.nanmin(hu)):.0f}; fat and air lie far below 0 HU")
    body, ct, limits = body_mask(image, ct=True), settings.ct, _limits(series)
    skin_fat = _fat_under_skin(hu, body, image.spacing_mm)
    other_energy = any(note.reason is Reason.CT_ENERGY for note in limits)
    if skin_fat is not None and not other_energy and not ct.skin_fat_hu[0] <= skin_fat <= ct.skin_fat_hu[1]:
        words = f"fat under the skin is at {skin_fat:.0f}, and at 120 kVp between {ct.skin_fat_hu[0]:g} and {ct.skin_fat_hu[1]:g} HU"
        raise RefusedInput(Reason.CT_NOT_HU, f"series {series.id}: {words}: something was added to the values, or they were scaled")
    fraction = np.clip((ct.lean_anchor_hu - hu) / (ct.lean_anchor_hu - ct.fat_anchor_hu), 0, 1)
    low, high = ct.evaluable_hu
    fraction[(hu < low) | (hu > high)] = np.nan
    return FatMap(
        image.with_array(fraction),
        Method.CT,
        (series,),
        image,
        image.with_array(body),
        facts={"lean_anchor_hu": ct.lean_anchor_hu, "fat_anchor_hu": ct.fat_anchor_hu},
        notes=limits,
        ct_lean=image.with_array((hu >= ct.lean_hu[0]) & (hu <= ct.lean_hu[1])),
        ct_fat=image.with_array((hu >= ct.fat_hu[0]) & (hu <= ct.fat_hu[1])),
    )


def _measure(series: Sequence[Series], settings: FatSettings) -> FatMap:
    return from_ct(series[0], settings)


METHOD = FatMethod(
    Method.CT,
    kinds=(SeriesKind.CT,),
    place=always(50, 50, "CT, no gradable MRI in the study"),
    measure=_measure,
    mark=Reason.CT_UNCALIBRATED,
    caution_beside_metal=False,
)
