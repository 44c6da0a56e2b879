"""Fat fraction from in- and opposed-phase magnitudes, with the limits that come with them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.anchors import find_anchors
from gluteal_grade.fat.bias import correct_bias
from gluteal_grade.fat.body import Mask, body_mask, depth_mm
from gluteal_grade.fat.dixon import load_pair, safe_ratio, signal_floor
from gluteal_grade.fat.fatmap import FatMap, Method
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.study import Series


def from_in_opposed(in_phase: Series, opposed: Series, settings: FatSettings) -> FatMap:
    """(IP - OP) / (2 IP), unfolded where the in-phase contrast allows.

    Magnitudes fold at 50 %: a voxel of 10 % fat and one of 90 % give the same pair (Dixon 1984). Which side a voxel is on is taken
    from the in-phase image, where T1 weighting makes fat brighter than muscle; voxels it leaves open are NaN. Without such contrast
    the whole map is `folded` and no muscle gets a fraction or a grade.

    Raises:
        RefusedInput: `grid_mismatch`, or what reading the images raises.
    """
    ip, op = load_pair(in_phase, opposed)
    body = body_mask(ip)
    inside = ip.with_array(body)
    fold = np.clip(safe_ratio(ip.array - op.array, 2 * ip.array, signal_floor(ip.array, body, settings)), 0, 0.5)
    coarse, obstacle = _in_phase_estimate(ip, body, settings)
    series = (in_phase, opposed)
    if coarse is None:
        note = Note(Reason.AMBIGUOUS_DOMINANCE, f"magnitudes fold at 50 % and the in-phase image does not resolve it ({obstacle})")
        return FatMap(ip.with_array(fold), Method.IN_OPPOSED_PHASE, series, ip, inside, notes=(note,), folded=True)
    fraction = np.where(coarse > 0.5, 1 - fold, fold)
    # a voxel whose two readings lie far apart while the in-phase image sits in the middle could be either
    fraction[(np.abs(coarse - 0.5) < settings.in_opposed.undecided) & (fold < 0.5 - 2 * settings.in_opposed.undecided)] = np.nan
    note = Note(
        Reason.TWO_POINT_MAGNITUDE, "two-point magnitude fat fraction: folds at 50 %, unfolded by in-phase contrast; no T2* correction"
    )
    return FatMap(ip.with_array(fraction.astype(np.float32)), Method.IN_OPPOSED_PHASE, series, ip, inside, notes=(note,))


def _in_phase_estimate(ip: Volume, body: Mask, settings: FatSettings) -> tuple[FloatArray | None, str]:
    """Rough fat signal fraction, F / (F + W), from in-phase brightness alone, or None and why not."""
    t1 = settings.t1.model_copy(update={"lean_over_fat": (settings.t1.lean_over_fat[0], settings.in_opposed.max_lean_over_fat)})
    depth = depth_mm(body, ip.spacing_mm)
    corrected = ip.with_array(correct_bias(ip, body, depth, t1.bias))
    try:
        anchors = find_anchors(corrected, body, depth, t1)
    except RefusedInput as error:
        return None, error.reason.value
    tissue = (corrected.array - anchors.muscle) / (anchors.fat - anchors.muscle)
    tissue = np.clip(ndimage.median_filter(tissue, size=(3, 3, 1)), 0, 1)
    # the fold is at half the *signal*: where fat is brighter than muscle, less than half the tissue is fat there
    return np.asarray(tissue * anchors.fat / (tissue * anchors.fat + (1 - tissue) * anchors.muscle)), ""
