"""Is fat as bright beside muscle as the header lets expect? The last witness of a lost scale or a wrong flip angle."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat.weighting import Weighting
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Mask

_PIXEL_MM, _WINDOW_MM = 3.0, 15.0  # near enough that coil shading is the same on both
_TISSUE = 0.15  # of the bright end of water and fat together
_PURE = 0.25  # of the other, at most
_SHARE = 0.2  # of a window's pixels, of fat and of muscle
_LEAST = 200  # windows
_USUAL = 1.1  # either way, without what T1 may add
_LOW, _HIGH = 0.75, 1.6  # of what is expected; phantoms and drawn bodies 1.00-1.07, one image halved 0.55-0.69 or 1.67-1.9


def fat_beside_muscle(water: Volume, fat: Volume, slice_axis: int) -> float | None:
    """Signal of fat tissue over that of the lean muscle next to it, water and fat together; None where too little is seen.

    Args:
        water, fat: RAS+ magnitudes on one grid.
        slice_axis: array axis across the slices.
    """
    blocks = tuple(1 if axis == slice_axis else max(1, round(_PIXEL_MM / mm)) for axis, mm in enumerate(water.spacing_mm))
    w, f = (image.coarsened((blocks[0], blocks[1], blocks[2])) for image in (water, fat))
    total = w.array + f.array
    low = _TISSUE * float(np.percentile(total[::2, ::2, ::2], 95)) if total.size else 0.0
    size = [1 if axis == slice_axis else max(3, round(_WINDOW_MM / mm) | 1) for axis, mm in enumerate(w.spacing_mm)]
    seen = total > max(low, 1e-6)
    muscle, muscle_share = _local(total, seen & (f.array < _PURE * total), size)
    fatty, fatty_share = _local(total, seen & (w.array < _PURE * total), size)
    both = (muscle_share > _SHARE) & (fatty_share > _SHARE)
    if both.sum() < _LEAST:
        return None
    return float(np.exp(np.median(np.log(fatty[both] / muscle[both]))))


def over_expected(water: Volume, fat: Volume, slice_axis: int, weighting: Weighting | None) -> float:
    """How many times as bright fat is against muscle as the acquisition would make it; 1 where either is not known.

    Args:
        water, fat: RAS+ magnitudes on one grid, as they go into the fraction.
        slice_axis: array axis across the slices.
        weighting: by the header.
    """
    if weighting is None or weighting.agent:
        return 1.0
    found = fat_beside_muscle(water, fat, slice_axis)
    return 1.0 if found is None else found / _expected(weighting)


def scale_in_doubt(times: float, weighting: Weighting | None) -> float:
    """`over_expected`, or 1 where it is what sound pictures show."""
    usual = _USUAL * (1 + weighting.t1_sd) if weighting else _USUAL
    return times if not 1 / usual <= times <= usual else 1.0


def contrast_note(times: float, weighting: Weighting | None) -> tuple[Note, ...]:
    """For the reader where fat is far from as bright as the acquisition would make it.

    Args:
        times: `over_expected`.
        weighting: by the header.
    """
    if weighting is None or _LOW / (1 + weighting.t1_sd) <= times <= _HIGH * (1 + weighting.t1_sd):
        return ()
    expected = _expected(weighting)
    words = f"fat is {times * expected:.2f} times as bright as the muscle beside it, where TR, TE and flip angle let expect {expected:.2f}"
    return (Note(Reason.FAT_BRIGHTNESS, f"{words}: one image lost its scale, or the header is wrong; fractions may be far off"),)


def _expected(weighting: Weighting) -> float:
    return weighting.t1 * (weighting.t2_star or 1.0)


def _local(total: FloatArray, where: Mask, size: list[int]) -> tuple[FloatArray, FloatArray]:
    """Mean signal of a tissue in a window around every pixel, and its share of the window."""
    share = ndimage.uniform_filter(where.astype(np.float32), size)
    signal = ndimage.uniform_filter(np.where(where, total, 0).astype(np.float32), size)
    return np.asarray(signal / np.maximum(share, 1e-6)), np.asarray(share)
