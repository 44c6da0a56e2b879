"""Fat fraction from Dixon water and fat images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat.beside import contrast_note, over_expected, scale_in_doubt
from gluteal_grade.fat.fatmap import FatMap, Spread
from gluteal_grade.fat.method import FatMethod, always
from gluteal_grade.fat.pair import WILD, load_pair, refuse_inverted, refuse_turned, safe_ratio, without_misfits, without_missing
from gluteal_grade.fat.rician import Cleaned, without_floor
from gluteal_grade.fat.scaling import check_headers, common_scale
from gluteal_grade.fat.swap import find_swaps
from gluteal_grade.fat.weighting import Weighting, of_both, weighting_of
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask, Noise, NoiseSource, body_mask, noise_of
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, SeriesKind

_ALIKE = 1.15  # two estimates of one sigma by nothing but chance


@dataclass(frozen=True)
class Fraction:
    """F / (F + W) of two cleaned magnitudes, and the median noise SD of a voxel of it."""

    values: FloatArray
    noise_sd: float


def from_water_fat(water: Series, fat: Series, settings: FatSettings) -> FatMap:
    """F / (F + W) of two magnitude images on one scale, without noise floor, swaps and T1 weighting (`docs/explanation/dixon.md`).

    Images that are exchanged throughout are put right (the map's series are then in the true order); exchanged parts are NaN.

    Raises:
        RefusedInput: `grid_mismatch`, `unequal_scaling`, `rescale_contradicts`, `water_fat_swap`, `turned_over`, `empty_slices`, or
            what reading the images raises.
    """
    scanner_scale = check_headers(water, fat)
    w, f = load_pair(water, fat)
    refuse_inverted(water, fat, w, f)
    body = body_mask(w.with_array(w.array + f.array), air_ratio=settings.dixon.air_over_tissue)
    noise = tuple(noise_of(image.array, body, water.slice_axis, settings.noise) for image in (w, f))
    scale, notes = common_scale(noise, scanner_scale, settings.dixon)
    f = f.with_array(f.array * np.float32(scale))
    noise = shared((noise[0], noise[1] and Noise(noise[1].sigma * scale, noise[1].source)))
    total = w.array + f.array
    typical = float(np.median(total[body]))
    floor = max(settings.min_signal * typical, 2.0 * max((n.sigma for n in noise if n), default=0.0))
    swaps = find_swaps(w.with_array(safe_ratio(f.array, total, floor)), body, water.slice_axis, settings.swap)
    if not swaps.excluded.any():  # in a body that is alike right and left, an exchanged leg looks like a mirrored image
        refuse_turned(water, fat, w, f)
    if swaps.whole:
        water, fat, w, f, noise = fat, water, f, w, (noise[1], noise[0])
    weighting = weighting_of(of_both(water.acquisition, fat.acquisition), settings.dixon)
    gain = weighting.t1 if weighting and settings.dixon.correct_t1 else 1.0
    cleaned = [without_floor(image.array, n.sigma if n else None, body, water.slice_axis) for image, n in zip((w, f), noise, strict=True)]
    fraction = fraction_of(cleaned[0], cleaned[1], body, floor, gain)
    facts = {name: n.sigma for name, n in zip(("noise_sigma_water", "noise_sigma_fat"), noise, strict=True) if n}
    facts |= snr_facts(typical, noise)
    facts |= {"t1_weight": weighting.t1} if weighting else {}
    bright = 1.0 if swaps.excluded.any() else over_expected(w, f, water.slice_axis, weighting)
    found = FatMap(
        w.with_array(fraction.values),
        Method.DIXON,
        (water, fat),
        w,
        w.with_array(body),
        facts,
        (*notes, *noise_note(noise), *weighting_note(weighting, settings), *contrast_note(bright, weighting)),
        spread=replace(spread_of(fraction.noise_sd, noise, typical, weighting, settings), fat_scale=scale_in_doubt(bright, weighting)),
    )
    exchanged = bool(swaps.excluded.any())
    found = found.without(swaps.excluded, Reason.WATER_FAT_SWAP, *swaps.notes)
    found = without_missing(found, w, f)
    return found if exchanged else without_misfits(found, w, f)


def shared(noise: tuple[Noise | None, Noise | None]) -> tuple[Noise | None, Noise | None]:
    """Both images' noise, on one scale: where it was read from tissue, their mean, or the lower one if texture added to the other."""
    known = [n for n in noise if n]
    if not known or (all(n.source is NoiseSource.AIR for n in noise if n) and len(known) == 2):
        return noise
    low, high = min(n.sigma for n in known), max(n.sigma for n in known)
    agreed = Noise(float(np.sqrt(low * high)) if high < _ALIKE * low else low, NoiseSource.TISSUE)
    return agreed, agreed


def fraction_of(water: Cleaned, fat: Cleaned, body: Mask, floor: float, gain: float = 1.0) -> Fraction:
    """The ratio, with the bias that noise in its denominator makes taken off.

    Args:
        water, fat: cleaned magnitudes.
        body: where.
        floor: total signal that counts.
        gain: signal of fat over that of as many water protons; divided out.
    """
    f, var_f = fat.signal / np.float32(gain), fat.variance / np.float32(gain * gain)
    total = water.signal + f
    ratio = safe_ratio(f, total, floor / max(gain, 1.0))
    square = np.maximum(total, np.float32(1e-6)) ** 2
    # second order: E[f / t] = F/T - cov(f, t) / T^2 + (F/T) var(t) / T^2
    bias = np.clip(ratio, 0, 1)
    bias *= var_f + water.variance
    np.subtract(var_f, bias, out=bias)
    bias /= square
    bias += ratio
    values = np.clip(bias, -WILD, 1 + WILD, out=bias)
    inside = body & np.isfinite(values)
    if not inside.any():
        return Fraction(values, 0.0)
    r = np.clip(values[inside], 0, 1)
    sd = np.sqrt(((1 - r) ** 2 * var_f[inside] + r * r * water.variance[inside]) / square[inside])
    return Fraction(values, float(np.median(sd)))


def spread_of(
    noise_sd: float,
    noise: tuple[Noise | None, Noise | None],
    typical: float,
    weighting: Weighting | None,
    settings: FatSettings,
) -> Spread:
    """How wrong it may be: sigma's own error lifts low fractions by about as much as it is wrong; weighting scales them.

    Args:
        noise_sd: of a voxel of the fraction, median.
        noise: of both images.
        typical: median signal of the body.
        weighting: of the acquisition.
        settings: what is not known of sigma and weighting.
    """
    known = [n.sigma for n in noise if n]
    offset = settings.dixon.sigma_sd * max(known) / typical if known and typical > 0 else settings.dixon.sigma_sd
    gain = weighting.t1_sd if weighting else settings.dixon.unknown_gain_sd
    if weighting and not settings.dixon.correct_t1:
        gain = float(np.hypot(gain, weighting.t1 - 1))
    return Spread(offset_sd=offset, gain_sd=gain, noise_sd=noise_sd)


def snr_facts(typical: float, noise: tuple[Noise | None, Noise | None]) -> dict[str, float]:
    """SNR as used here: median signal of the body over sigma; and whether sigma is of air (1) or of tissue (0)."""
    known = [n for n in noise if n]
    if not known or max(n.sigma for n in known) <= 0:
        return {}
    return {
        "snr": typical / max(n.sigma for n in known),
        "noise_from_air": float(all(n.source is NoiseSource.AIR for n in known)),
    }


def noise_note(noise: tuple[Noise | None, Noise | None]) -> tuple[Note, ...]:
    """For the reader where no noise level could be found."""
    if any(noise):
        return ()
    return (Note(Reason.NOISE_UNKNOWN, "neither air nor enough even tissue in view: the noise floor is not corrected"),)


def weighting_note(weighting: Weighting | None, settings: FatSettings, *, decay: bool = True) -> tuple[Note, ...]:
    """What the protocol does to fat against water."""
    if weighting is None:
        words = "T1 and T2* weighting: no spoiled gradient echo with likely TR, flip angle and field strength; not corrected"
        return (Note(Reason.WEIGHTING_UNKNOWN, words),)
    done = "corrected with nominal T1" if settings.dixon.correct_t1 else "not corrected"
    if weighting.agent:
        low = f"fat may read up to {weighting.t1:.2f} times too low"
        done += f"; a contrast agent was given and shortens the T1 of muscle, nobody knows by how much: {low}"
    words = f"T1 weighting ({weighting.words}): fat counts {weighting.t1:.2f} times, {done}"
    if decay and weighting.t2_star:
        words += f"; T2* {weighting.t2_star:.2f} times at that echo, not corrected"
    return (Note(Reason.WEIGHTING, words),)


def _measure(series: Sequence[Series], settings: FatSettings) -> FatMap:
    return from_water_fat(series[0], series[1], settings)


def _magnitude(fat: FatMap) -> Volume:
    """Water and fat together, as fat is dark on water alone."""
    second = fat.series[1].load().resampled(fat.image.grid)
    return fat.image.with_array(fat.image.array + np.maximum(second.array, 0))


METHOD = FatMethod(
    Method.DIXON,
    kinds=(SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT),
    place=always(10, 10, "Dixon water and fat"),
    measure=_measure,
    magnitude=_magnitude,
)
