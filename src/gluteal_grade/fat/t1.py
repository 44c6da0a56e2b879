"""Fat fraction from T1-weighted spin echo: bias correction and the two-tissue mixture between pooled anchors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gluteal_grade.config import FatSettings, T1Settings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.bias import correct_bias
from gluteal_grade.fat.body import Mask, body_mask, depth_mm, modal_value, subcutaneous_shell
from gluteal_grade.fat.fatmap import FatMap, Method
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.study import Series

_IN_PLANE = ndimage.generate_binary_structure(2, 1)[:, :, None]


@dataclass(frozen=True)
class Anchors:
    """Signals of the two pure tissues after bias correction, and the lean mode they rest on."""

    fat: float
    muscle: float
    lean_mode: float


def from_t1(series: Series, settings: FatSettings) -> FatMap:
    """(S - S_muscle) / (S_fat - S_muscle), unclipped; voxels well below muscle (void, cortical bone, air) and their in-plane
    neighbours are NaN.

    Raises:
        RefusedInput: `contrast_agent`, `no_fat_reference`, `no_lean_reference`, or what reading the image raises.
    """
    if series.acquisition.contrast_agent:
        raise RefusedInput(Reason.CONTRAST_AGENT, f"series {series.id} was taken after a contrast agent")
    image = series.load()
    body = body_mask(image)
    depth = depth_mm(body, image.spacing_mm)
    corrected = image.with_array(correct_bias(image, body, depth, settings.t1.bias))
    anchors = find_anchors(corrected, body, depth, settings.t1)
    fraction = (corrected.array - anchors.muscle) / (anchors.fat - anchors.muscle)
    void = corrected.array < settings.t1.void_below_muscle * anchors.muscle
    # a voxel beside a void is partly void itself (cortex, fascia, metal) and would read too lean
    fraction[ndimage.binary_dilation(void, _IN_PLANE)] = np.nan
    facts = {
        "s_fat": anchors.fat,
        "s_muscle": anchors.muscle,
        "s_lean_mode": anchors.lean_mode,
        "lean_reference_ff": settings.t1.lean_reference_ff,
    }
    note = Note(Reason.T1_ESTIMATE, "fat fraction from T1 rests on two tissue anchors; it is less exact than Dixon")
    return FatMap(
        image.with_array(fraction.astype(np.float32)), Method.T1, (series,), image, image.with_array(body), facts=facts, notes=(note,)
    )


def find_anchors(corrected: Volume, body: Mask, depth: FloatArray, settings: T1Settings) -> Anchors:
    """Subcutaneous fat and lean muscle, pooled over everything in view.

    Fat is the mode of the bright class just under the skin. Lean is the mode between void and fat over the whole body, where muscle
    is the largest class; lean muscle itself holds `lean_reference_ff` fat, which is taken out.

    Raises:
        RefusedInput: `no_fat_reference` or `no_lean_reference`.
    """
    array = corrected.array
    smooth = _smoothed(corrected)
    shell = subcutaneous_shell(depth, corrected.spacing_mm, settings.shell_mm)
    bright = shell & (smooth > settings.fat_above_top * np.percentile(smooth[shell], 98)) if shell.any() else shell
    fat_voxels = ndimage.binary_erosion(bright, np.ones((3, 3, 1)))
    volume_ml = float(fat_voxels.sum()) * corrected.grid.voxel_volume_ml
    if volume_ml < settings.min_fat_ml:
        raise RefusedInput(Reason.NO_FAT_REFERENCE, f"{volume_ml:.1f} ml of bright tissue under the skin, {settings.min_fat_ml:g} needed")
    outermost = subcutaneous_shell(depth, corrected.spacing_mm, (settings.shell_mm[0], settings.outermost_mm))
    under_skin = float(bright[outermost].mean()) if outermost.any() else 1.0
    if under_skin < settings.min_bright_outermost:
        raise RefusedInput(Reason.NO_FAT_REFERENCE, f"{under_skin:.0%} of the layer under the skin is bright: fat is suppressed or missing")
    fat = modal_value(array[fat_voxels])
    low, high = settings.lean_over_fat
    inside = smooth[body]
    lean_mode = modal_value(inside[(inside > 0.5 * low * fat) & (inside < 0.5 * (1 + high) * fat)])
    ratio = lean_mode / fat
    if not low <= ratio <= high:
        raise RefusedInput(Reason.NO_LEAN_REFERENCE, f"muscle over fat signal is {ratio:.2f}, expected {low:g} to {high:g} on T1")
    share = float(np.mean(np.abs(inside / lean_mode - 1) < 0.2))
    if share < settings.min_lean_share:
        raise RefusedInput(
            Reason.NO_LEAN_REFERENCE, f"{share:.0%} of the body has a common lean signal, {settings.min_lean_share:.0%} needed"
        )
    f0 = settings.lean_reference_ff
    return Anchors(fat=fat, muscle=(lean_mode - f0 * fat) / (1 - f0), lean_mode=lean_mode)


def _smoothed(image: Volume) -> FloatArray:
    """In-plane median: the lean peak narrows without fat streaks leaking into it as a mean would let them."""
    return np.asarray(ndimage.median_filter(image.array, size=(3, 3, 1)))
