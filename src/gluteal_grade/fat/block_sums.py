"""How fat and water lie in a picture, summed over small blocks of it: what the search for exchanged regions works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.config import SwapSettings
from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import Mask, depth_mm

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BlockSums:
    """Sums over blocks (a, b) of the slices, and slices k.

    Attributes:
        same, gained, lost: (a, b, k - 1) pairs of voxels in neighbouring slices that are both clearly fat or both clearly water; that
            turn from water to fat; that turn from fat to water.
        skin: (a, b, k) sum of 2 FF - 1 over voxels just under the skin; `skin_count` their number.
        core: (a, b, k) the same over the deepest voxels; `core_count`.
        all: (a, b, k) the same over all voxels; `all_count`.
        edges: block index of each row and of each column of a slice.
    """

    same: FloatArray
    gained: FloatArray
    lost: FloatArray
    skin: FloatArray
    skin_count: FloatArray
    core: FloatArray
    core_count: FloatArray
    all: FloatArray
    all_count: FloatArray
    edges: tuple[IntArray, IntArray]


def block_sums(polarity: FloatArray, body: Mask, spacing_mm: tuple[float, float, float], settings: SwapSettings) -> BlockSums:
    """Sums it all.

    Args:
        polarity: 2 FF - 1, slices last, NaN where there is no tissue.
        body: mask of the body, slices last.
        spacing_mm: in the same order.
        settings: depths and widths.
    """
    blocks = [(np.arange(n) * s / settings.block_mm).astype(np.int64) for n, s in zip(polarity.shape[:2], spacing_mm[:2], strict=True)]
    there = np.isfinite(polarity)
    fat, water = there & (polarity > settings.decided), there & (polarity < -settings.decided)
    depth = depth_mm(body, spacing_mm)
    deepest = np.where(np.isfinite(depth), depth, 0).max(axis=(0, 1), keepdims=True)
    # skin itself is water: the outermost voxels are left out, and coarse images look a little deeper
    outer = max(settings.shell_mm[0], 1.01 * max(spacing_mm[:2]))
    skin = there & (depth > outer) & (depth < max(settings.shell_mm[1], outer + 1.5 * max(spacing_mm[:2])))
    core = there & (depth > settings.core_depth * deepest) & np.isfinite(depth)
    value = np.nan_to_num(polarity)

    def total(array: FloatArray | Mask) -> FloatArray:
        starts = [np.flatnonzero(np.diff(b, prepend=-1)) for b in blocks]
        rows = np.add.reduceat(array.astype(np.float32), starts[0], axis=0)
        return np.asarray(np.add.reduceat(rows, starts[1], axis=1))

    low, high = np.s_[:, :, :-1], np.s_[:, :, 1:]
    return BlockSums(
        same=total((fat[low] & fat[high]) | (water[low] & water[high])),
        gained=total(water[low] & fat[high]),
        lost=total(fat[low] & water[high]),
        skin=total(value * skin),
        skin_count=total(skin),
        core=total(value * core),
        core_count=total(core),
        all=total(value),
        all_count=total(there),
        edges=(blocks[0], blocks[1]),
    )
