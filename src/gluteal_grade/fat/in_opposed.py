"""Fat fraction from in- and opposed-phase magnitudes, with the limits that come with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.anchors import find_anchors
from gluteal_grade.fat.bias import correct_bias
from gluteal_grade.fat.dixon import noise_note, spread_of, weighting_note
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.method import FatMethod, always
from gluteal_grade.fat.pair import load_pair, refuse_turned, safe_ratio, signal_floor, without_misfits, without_missing
from gluteal_grade.fat.rician import without_floor
from gluteal_grade.fat.weighting import of_both, relaxation_at, weighting_of
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, body_mask, depth_mm, median_in_plane, noise_of, thick_axis
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, SeriesKind

_WILD = 0.25  # a single voxel further than this outside 0-0.5 is noise in a dark place


def from_in_opposed(in_phase: Series, opposed: Series, settings: FatSettings) -> FatMap:
    """(IP - OP) / (2 IP), unfolded where the in-phase contrast allows.

    Magnitudes fold at 50 %: a voxel of 10 % fat and one of 90 % give the same pair (Dixon 1984). Which side a voxel is on is taken
    from the in-phase image, where T1 weighting makes fat brighter than muscle; voxels it leaves open are NaN. Without such contrast
    the whole map is `folded` and no muscle gets a fraction or a grade.

    Noise floor, T2* decay between the echoes and T1 weighting are corrected where the images and headers tell them.

    Raises:
        RefusedInput: `grid_mismatch`, `turned_over`, or what reading the images raises.
    """
    ip, op = load_pair(in_phase, opposed)
    refuse_turned(in_phase, opposed, ip, op)
    body = body_mask(ip)
    inside = ip.with_array(body)
    noise = tuple(noise_of(image.array, body, in_phase.slice_axis, settings.noise) for image in (ip, op))
    clean_ip, clean_op = (
        without_floor(image.array, n.sigma if n else None, body, in_phase.slice_axis) for image, n in zip((ip, op), noise, strict=True)
    )
    decay, decay_words = _decay(in_phase, opposed, settings)
    in_signal = clean_ip.signal * np.float32(decay)
    fold = safe_ratio(in_signal - clean_op.signal, 2 * in_signal, signal_floor(ip.array, body, settings))
    fold = np.clip(fold, -_WILD, 0.5 + _WILD)  # not at 0 and 0.5: that would lift lean and lower fatty means
    coarse, obstacle = _in_phase_estimate(ip, body, settings)
    series = (in_phase, opposed)
    facts = {name: n.sigma for name, n in zip(("noise_sigma_in_phase", "noise_sigma_opposed_phase"), noise, strict=True) if n}
    if coarse is None:
        note = Note(Reason.AMBIGUOUS_DOMINANCE, f"magnitudes fold at 50 % and the in-phase image does not resolve it ({obstacle})")
        return FatMap(ip.with_array(fold), Method.IN_OPPOSED_PHASE, series, ip, inside, facts, (note,), folded=True)
    fraction = np.where(coarse > 0.5, 1 - fold, fold)
    # a voxel whose two readings lie far apart while the in-phase image sits in the middle could be either
    fraction[(np.abs(coarse - 0.5) < settings.in_opposed.undecided) & (fold < 0.5 - 2 * settings.in_opposed.undecided)] = np.nan
    weighting = weighting_of(of_both(in_phase.acquisition, opposed.acquisition), settings.dixon)
    if weighting and settings.dixon.correct_t1:
        fraction = fraction / (fraction + weighting.t1 * (1 - fraction))
    known = [n for n in noise if n]
    sd = max((n.sigma for n in known), default=0.0) / (np.sqrt(2) * max(float(np.median(ip.array[body])), 1e-6))
    words = f"two-point magnitude fat fraction: folds at 50 %, unfolded by in-phase contrast, one fat peak; {decay_words}"
    spread = spread_of(float(sd), (noise[0], noise[1]), float(np.median(ip.array[body])), weighting, settings)
    notes = (Note(Reason.TWO_POINT_MAGNITUDE, words), *noise_note((noise[0], noise[1])), *weighting_note(weighting, settings, decay=False))
    found = FatMap(ip.with_array(fraction.astype(np.float32)), Method.IN_OPPOSED_PHASE, series, ip, inside, facts, notes, spread=spread)
    return without_misfits(without_missing(found, ip, op), ip, op)


def _decay(in_phase: Series, opposed: Series, settings: FatSettings) -> tuple[float, str]:
    """What the in-phase image must be multiplied with to stand at the opposed-phase echo, and words for the reader."""
    tes = in_phase.acquisition.te_ms, opposed.acquisition.te_ms
    field = in_phase.acquisition.field_strength_t
    tissue = relaxation_at(field, settings.dixon) if field else None
    if tissue is None or not tes[0] or not tes[1]:
        return 1.0, "T2* decay between the echoes not corrected, echo times or field strength unknown"
    factor = float(np.exp((tes[0] - tes[1]) / tissue.water_t2_star_ms))
    return (
        factor,
        f"T2* decay between echoes at {tes[1]:g} and {tes[0]:g} ms corrected by {factor:.2f} (T2* {tissue.water_t2_star_ms:g} ms)",
    )


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
    tissue = np.clip(median_in_plane(tissue, thick_axis(ip.spacing_mm)), 0, 1)
    # the fold is at half the *signal*: where fat is brighter than muscle, less than half the tissue is fat there
    return np.asarray(tissue * anchors.fat / (tissue * anchors.fat + (1 - tissue) * anchors.muscle)), ""


def _measure(series: Sequence[Series], settings: FatSettings) -> FatMap:
    return from_in_opposed(series[0], series[1], settings)


METHOD = FatMethod(
    Method.IN_OPPOSED_PHASE,
    kinds=(SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE),
    place=always(30, 30, "in and opposed phase, no water and fat images"),
    measure=_measure,
)
