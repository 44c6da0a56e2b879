"""Are water and fat exchanged: everywhere (put right), in a part of the picture (left out), or past telling (refused)?

Region-growing separations pick the wrong one of two solutions for a whole image, a leg, some slices or a region. No label is
needed here: a network may have drawn its labels on the wrong image. See `polarity` for the two witnesses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gluteal_grade.config import SwapSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.block_sums import BlockSums, block_sums
from gluteal_grade.fat.polarity import by_side, column_gain
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import Mask


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
    sign, evidence = by_side(sums, first, settings)
    wrong = (sign[:1] < 0).repeat(2, axis=0) if sagittal else sign < 0
    nowhere = np.zeros(fraction.shape, bool)
    if wrong.all() and evidence > settings.min_polarity:
        note = Note(Reason.WATER_FAT_SWAP, "water and fat images were exchanged throughout (skin reads water); they were put right")
        return Swaps(True, nowhere, (note,))
    mixed = bool(wrong.any()) and not wrong.all()
    if mixed and evidence < settings.min_polarity:
        raise RefusedInput(Reason.WATER_FAT_SWAP, "parts of the images contradict each other, and no skin in view tells which is right")
    if mixed:
        excluded = _side_mask(wrong, first, sums, polarity.shape, spacing[0], settings)
        detail = f"water and fat are exchanged in {wrong.mean():.0%} of the picture ({_where(wrong)}); it is left out"
        return Swaps(False, np.moveaxis(excluded, 2, slice_axis), (Note(Reason.WATER_FAT_SWAP, detail),))
    # along coronal and sagittal stacks tissue does change from slice to slice: there sound ones were taken for exchanged
    region = _region(sums, polarity.shape, spacing[2], settings) if slice_axis == 2 else np.zeros(polarity.shape, bool)
    if region.any():
        share = float(region[inside].mean())
        note = Note(Reason.WATER_FAT_SWAP, f"water and fat are exchanged in a region; the {share:.0%} of the picture around it is left out")
        return Swaps(False, np.moveaxis(region, 2, slice_axis), (note,))
    if evidence <= settings.min_polarity:
        note = Note(Reason.SWAP_UNCHECKED, "no skin in view: that water and fat are not exchanged throughout could not be checked")
        return Swaps(False, nowhere, (note,))
    return Swaps(False, nowhere, ())


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


def _region(sums: BlockSums, shape: tuple[int, ...], slice_mm: float, settings: SwapSettings) -> Mask:
    """Box around neighbouring columns that say they are exchanged between some slices, with a margin; empty for none."""
    gain, low, high = column_gain(sums, settings)
    mask = np.zeros(shape, bool)
    parts, count = ndimage.label(gain > settings.min_tile_gain, np.ones((3, 3)))
    wider = int(np.ceil(settings.region_margin_mm / (settings.tile_mm / 2)))
    for part in range(1, count + 1):
        here = parts == part
        if here.sum() < settings.min_tiles:
            continue
        columns = np.argwhere(here)
        first, last = columns.min(axis=0) - wider, columns.max(axis=0) + 1 + wider  # a column is two blocks wide
        rows, files = ((edge >= a) & (edge <= b) for edge, a, b in zip(sums.edges, first, last, strict=True))
        slices = np.zeros(shape[2], bool)
        more = int(np.ceil(settings.region_margin_mm / 2 / slice_mm))
        slices[max(0, int(low[here].min()) - more) : int(high[here].max()) + 1 + more] = True
        mask |= rows[:, None, None] & files[None, :, None] & slices[None, None, :]
    return mask


def _where(wrong: Mask) -> str:
    """In words: which side, which share of the slices."""
    left, right = (float(half.mean()) for half in wrong)
    return f"left {left:.0%} of the slices, right {right:.0%}"
