"""Are water and fat exchanged: everywhere (put right), in a part of the picture (left out), or past telling (refused)?

Region-growing separations pick the wrong one of two solutions for a whole image, a leg, some slices or a region. No label is
needed here: a network may have drawn its labels on the wrong image. See `polarity` for the two witnesses of the whole, of legs and
of slices, `swapped_region` for regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gluteal_grade.config import SwapSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.block_sums import BlockSums, block_sums
from gluteal_grade.fat.polarity import by_side
from gluteal_grade.fat.swapped_region import swapped_region
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Mask

_MOST = 0.6  # of the body: a region larger than that may as well be the part that is right


@dataclass(frozen=True)
class Swaps:
    """What was found.

    Attributes:
        whole: all of it is exchanged.
        excluded: voxels that are exchanged, or may be; same grid.
        notes: for the reader; empty where all is well.
    """

    whole: bool
    excluded: Mask
    notes: tuple[Note, ...]


def find_swaps(fraction: Volume, body: Mask, slice_axis: int, settings: SwapSettings) -> Swaps:
    """Look at the raw fat fraction of the whole picture.

    Args:
        fraction: F / (F + W), RAS+, NaN where there is no tissue.
        body: mask of the body, all True where no air is in view.
        slice_axis: array axis across the slices.
        settings: weights and thresholds.

    Raises:
        RefusedInput: `water_fat_swap`: parts contradict each other and no skin is in view to tell which is right.
    """
    polarity = np.moveaxis(2 * fraction.array - 1, slice_axis, 2)
    inside = np.moveaxis(body, slice_axis, 2)
    border = np.concatenate([inside[i].ravel() for i in (0, -1)] + [inside[:, i].ravel() for i in (0, -1)])
    if np.mean(~border) < settings.min_air_border:  # dark bone and gas are no air, and what lies beside them is no skin
        inside = np.ones_like(inside)
    order = [axis for axis in range(3) if axis != slice_axis]
    spacing = tuple(fraction.spacing_mm[axis] for axis in (*order, slice_axis))
    sums = block_sums(polarity, inside, (spacing[0], spacing[1], spacing[2]), settings)
    # rows of a slice run from left to right, unless the slices are sagittal and hold one side each
    sagittal = slice_axis == 0
    first = np.ones(sums.all.shape[0], bool) if sagittal else _left_half(sums, inside)
    sign, evidence, agreed = by_side(sums, first, settings)
    wrong = (sign[:1] < 0).repeat(2, axis=0) if sagittal else sign < 0
    mixed = bool(wrong.any()) and not wrong.all()
    if mixed and evidence < settings.min_polarity:
        raise RefusedInput(Reason.WATER_FAT_SWAP, "parts of the images contradict each other, and no skin in view tells which is right")
    if mixed:
        excluded = _side_mask(wrong, first, sums, polarity.shape, spacing[0], settings)
        detail = f"water and fat are exchanged in {wrong.mean():.0%} of the picture ({_where(wrong)}); it is left out"
        return Swaps(False, np.moveaxis(excluded, 2, slice_axis), (Note(Reason.WATER_FAT_SWAP, detail),))
    notes = []
    view_cm2 = float(np.median(inside.sum(axis=(0, 1)))) * spacing[0] * spacing[1] / 100
    sure = evidence > settings.min_polarity and agreed > settings.min_agreed and view_cm2 > settings.min_view_cm2
    whole = bool(wrong.all()) and sure
    if whole:
        notes.append(Note(Reason.WATER_FAT_SWAP, "water and fat images were exchanged throughout (skin reads water); they were put right"))
    region = swapped_region(np.where(inside, polarity, np.nan), (spacing[0], spacing[1], spacing[2]), settings)
    if region.any():
        share = float(region[inside].mean())
        if share > _MOST:
            raise RefusedInput(Reason.WATER_FAT_SWAP, "one part of the images is exchanged against the other, and it is not clear which")
        detail = f"water and fat are exchanged in a region; the {share:.0%} of the picture in and around it is left out"
        notes.append(Note(Reason.WATER_FAT_SWAP, detail))
    if not sure:
        why = "no skin in view, no fat under much of it, or little in view"
        detail = f"{why}: that water and fat are not exchanged throughout could not be checked"
        notes.append(Note(Reason.SWAP_UNCHECKED, detail))
    return Swaps(whole, np.moveaxis(region, 2, slice_axis), tuple(notes))


def _left_half(sums: BlockSums, inside: Mask) -> Mask:
    """(a,) rows of blocks on the left of the middle of what is in view (x grows to the right)."""
    filled = inside.sum(axis=(1, 2))
    middle = round(float(np.average(np.arange(len(filled)), weights=filled))) if filled.any() else len(filled) // 2
    return np.asarray(np.arange(sums.all.shape[0]) < sums.edges[0][middle])


def _side_mask(wrong: Mask, first: Mask, sums: BlockSums, shape: tuple[int, ...], width_mm: float, settings: SwapSettings) -> Mask:
    """Voxels of the exchanged halves of slices, a slice more at either end, and a strip across the midline."""
    in_first = first[sums.edges[0]]
    strip: Mask = ndimage.binary_dilation(in_first, iterations=max(1, round(settings.midline_mm / width_mm)))
    other = ndimage.binary_dilation(~in_first, iterations=max(1, round(settings.midline_mm / width_mm)))
    wider = ndimage.binary_dilation(wrong, np.ones((1, 3)))
    mask = (strip[:, None] & wider[0]) | (other[:, None] & wider[1])
    return np.asarray(np.broadcast_to(mask[:, None, :], shape).copy())


def _where(wrong: Mask) -> str:
    """In words: which side, which share of the slices."""
    left, right = (float(half.mean()) for half in wrong)
    return f"left {left:.0%} of the slices, right {right:.0%}"
