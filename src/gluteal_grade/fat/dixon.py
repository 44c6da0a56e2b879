"""Fat fraction from Dixon water and fat images, and what every method on a pair of magnitudes shares."""

from __future__ import annotations

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.body import Mask, body_mask
from gluteal_grade.fat.fatmap import FatMap, Method
from gluteal_grade.fat.noise import air_sigma, without_floor
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.study import Series


def from_water_fat(water: Series, fat: Series, settings: FatSettings) -> FatMap:
    """F / (F + W), voxelwise, of two magnitude images on one scale, each without its noise floor where air tells it.

    T1 and T2* weighting are not corrected: see `docs/accuracy.md`.

    Raises:
        RefusedInput: `grid_mismatch`, `unequal_scaling`, or what reading the images raises.
    """
    notes = _check_scaling(water, fat)
    w, f = load_pair(water, fat)
    total = w.with_array(w.array + f.array)
    body = body_mask(total)
    sigma_w, sigma_f = (air_sigma(image.array, body) for image in (w, f))
    water_only, fat_only = without_floor(w.array, sigma_w), without_floor(f.array, sigma_f)
    fraction = safe_ratio(fat_only, water_only + fat_only, signal_floor(total.array, body, settings))
    facts = {name: sigma for name, sigma in (("noise_sigma_water", sigma_w), ("noise_sigma_fat", sigma_f)) if sigma is not None}
    return FatMap(w.with_array(fraction), Method.DIXON, (water, fat), w, w.with_array(body), facts, notes)


def load_pair(first: Series, second: Series) -> tuple[Volume, Volume]:
    """Both magnitudes, float32, negatives cut.

    Raises:
        RefusedInput: `grid_mismatch`.
    """
    a, b = first.load(), second.load()
    if not a.grid.matches(b.grid):
        raise RefusedInput(Reason.GRID_MISMATCH, f"series {first.id} and {second.id} lie on different grids")
    return a.with_array(_magnitude(a.array)), b.with_array(_magnitude(b.array))


def _magnitude(array: FloatArray) -> FloatArray:
    return np.maximum(np.asarray(array, np.float32), 0)


def _check_scaling(water: Series, fat: Series) -> tuple[Note, ...]:
    """Philips scales each image type by itself (dcm2niix #1022): refuse a half-scaled pair, note one without scanner scaling."""
    if "philips" not in (water.acquisition.manufacturer or "").lower():
        return ()
    scaled = [s.acquisition.rescaled for s in (water, fat)]
    if scaled[0] != scaled[1]:
        raise RefusedInput(Reason.UNEQUAL_SCALING, f"of series {water.id} and {fat.id} only one carries scanner scaling")
    if not scaled[0]:
        return (Note(Reason.UNEQUAL_SCALING, "no scanner scaling (2005,100E): water and fat are taken at their display scale"),)
    return ()


def signal_floor(total: FloatArray, body: Mask, settings: FatSettings) -> float:
    """Signal (water and fat together) below which a fraction is noise: a share of the body's median."""
    return settings.min_signal * float(np.median(total[body]))


def safe_ratio(part: FloatArray, whole: FloatArray, floor: float) -> FloatArray:
    """part / whole, NaN where `whole` does not exceed `floor`."""
    good = whole > max(floor, 1e-6)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan, np.float32), where=good)
