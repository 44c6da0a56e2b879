"""One whole femur from a shaft and a proximal end that do not meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.labelled import Mask, Points
from gluteal_grade_lab.training.prepare.names import U8

_TROCHANTERS_MM = 35.0  # below the head's centre the proximal end is still whole
_SHAFT_MM = 105.0  # so far below the head everything is shaft
_JUMP = 2.5  # voxels that the middle of a shaft may move between neighbouring slices
_ROOM = 16


def bridge_femora(labels: U8, heads: Points) -> U8:
    """Fill the stretch between shaft and trochanters by shapes between the two; only glutei and bone are never painted over.

    Args:
        labels: (x, y, z) with a proximal femur and a shaft, ragged or apart below the trochanters.
        heads: (2, 3) voxels, right first.
    """
    out = labels.copy()
    for side in (0, 1):
        mask = out == names.FEMUR[side]
        head = float(heads[1 - side, 2])
        ends = _ends(mask, head)
        if ends is None:
            continue
        low, high = ends
        out[:, :, low + 1 : high][mask[:, :, low + 1 : high]] = 0
        for z, shape in _between(mask[:, :, low], mask[:, :, high], low, high):
            layer = out[:, :, z]
            layer[shape & ~np.isin(layer, (*names.GLUTEI, *names.HIP_BONE, names.SACRUM))] = names.FEMUR[side]
    return out


def _ends(mask: Mask, head: float) -> tuple[int, int] | None:
    """The highest slice of trustworthy shaft and the lowest of the proximal end; None where there is nothing to bridge."""
    area = mask.sum(axis=(0, 1)).astype(float)
    filled = np.flatnonzero(area)
    bottom = int(head - _SHAFT_MM / SPACING_MM)
    shaft = area[max(0, int(filled[0])) : max(0, bottom)] if len(filled) else area[:0]
    if len(shaft) < 5:
        return None
    usual = float(np.median(shaft))
    sound = (area > 0.65 * usual) & (area < 1.5 * usual)
    start = np.flatnonzero(sound[:bottom])
    if not len(start):
        return None
    low = int(start[len(start) // 2])
    while low + 1 < head - _TROCHANTERS_MM / SPACING_MM and sound[low + 1] and _moved(mask, low) <= _JUMP:
        low += 1
    high = int(head - _TROCHANTERS_MM / SPACING_MM)
    if area[high] < 0.8 * usual:
        return None
    while high - 1 > low and area[high - 1] > 0.8 * usual and _moved(mask, high - 1) <= _JUMP:
        high -= 1
    return (low - 3, high + 3) if high - low > 1 and low > 3 else None


def _moved(mask: Mask, z: int) -> float:
    a, b = (np.argwhere(mask[:, :, k]).mean(axis=0) for k in (z, z + 1))
    return float(np.linalg.norm(a - b))


def _between(first: Mask, last: Mask, low: int, high: int) -> list[tuple[int, Mask]]:
    """Shapes of the slices low+1 .. high-1 between two outlines, by distance, middles laid on each other."""
    first, last = _largest(first), _largest(last)
    centres = [np.argwhere(m).mean(axis=0) for m in (first, last)]
    found = ndimage.find_objects((first | last).astype(np.uint8))[0]
    box = tuple(slice(max(0, s.start - _ROOM), s.stop + _ROOM) for s in found)
    signed = [ndimage.distance_transform_edt(m[box]) - ndimage.distance_transform_edt(~m[box]) for m in (first, last)]
    layers: list[tuple[int, Mask]] = []
    for z in range(low + 1, high):
        t = (z - low) / (high - low)
        middle = (1 - t) * centres[0] + t * centres[1]
        mixed: npt.NDArray[Any] = sum(
            w * ndimage.shift(s, middle - c, order=1, mode="nearest") for w, s, c in zip((1 - t, t), signed, centres, strict=True)
        )
        shape = np.zeros_like(first)
        shape[box] = mixed > 0
        layers.append((z, shape))
    return layers


def _largest(mask: Mask) -> Mask:
    parts, count = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == int(sizes.argmax())) if count > 1 else mask
