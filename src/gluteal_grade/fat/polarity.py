"""Which part of a water/fat pair has them the right way round, per slice and side.

Two witnesses, and no labels. The skin: fat lies under it, and what lies deepest in a pelvis is mostly water. Continuity: between
neighbouring slices some tissue turns from fat to water or back, seldom both at once; across the border of an exchanged region all
of it does.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from gluteal_grade.config import SwapSettings
from gluteal_grade.fat.block_sums import BlockSums
from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import Mask

_STATES = tuple(product((1, -1), repeat=2))
_NEVER = 1e6  # against every vote
_LITTLE = 0.05  # of the tissue of the fullest half slice


def by_side(sums: BlockSums, first: Mask, settings: SwapSettings) -> tuple[FloatArray, float, float]:
    """The likeliest polarity of each half of each slice: the exact minimum of the energy, by dynamic programming along the slices.

    Args:
        sums: of the blocks of the picture.
        first: (a,) which rows of blocks make up the first half; the others are the second.
        settings: weights.

    Returns:
        (2, slices) of +1 (right) and -1 (exchanged), the evidence of the skin for that sign over its opposite (0 or less: none), and its
        share of what the skin says of single slices, for or against (0 or less: it contradicts itself).
    """
    halves = (first, ~first)
    vote = np.stack([skin_vote(sums, half, settings) for half in halves])
    halved = [[part[half].sum(axis=(0, 1)) for part in _pairs(sums)] for half in halves]
    alike, seen = np.stack([agreement(*pairs) for pairs in halved]), np.stack([sum(pairs) for pairs in halved])
    # where tissue goes on as it is, or there is little of it, nothing begins or ends to be exchanged, whatever the skin says
    goes_on = (alike > settings.max_alike) | (seen < _LITTLE * seen.max(initial=0))
    along = np.where(goes_on, _NEVER, settings.slice_weight * alike)
    across = settings.mirror_weight * _mirrored(sums, first)
    n = vote.shape[1]
    states = np.array(_STATES, float)
    own = -(states @ vote) - states.prod(axis=1)[:, None] * across
    best, back = own[:, 0], np.zeros((n, len(states)), int)
    for k in range(1, n):
        step = best[:, None] - np.einsum("ih,jh,h->ij", states, states, along[:, k - 1])
        back[k] = step.argmin(axis=0)
        best = step.min(axis=0) + own[:, k]
    path = [int(best.argmin())]
    for k in range(n - 1, 0, -1):
        path.append(int(back[k, path[-1]]))
    polarity = states[path[::-1]].T
    evidence = float((polarity * vote).sum())
    return polarity, evidence, evidence / max(float(np.abs(vote).sum()), 1e-6)


def skin_vote(sums: BlockSums, rows: Mask, settings: SwapSettings) -> FloatArray:
    """(slices,) how much more fat is under the skin than deep inside, -1 to 1; 0 where no skin is in view."""
    skin_count, core_count = (part[rows].sum(axis=(0, 1)) for part in (sums.skin_count, sums.core_count))
    skin, core = (part[rows].sum(axis=(0, 1)) for part in (sums.skin, sums.core))
    difference = skin / np.maximum(skin_count, 1) - core / np.maximum(core_count, 1)
    seen = (skin_count >= settings.min_shell_voxels) & (core_count >= settings.min_shell_voxels)
    return np.where(seen, np.clip(difference, -1, 1), 0.0)


def agreement(same: FloatArray, gained: FloatArray, lost: FloatArray) -> FloatArray:
    """0.5 where all tissue stays what it is, -0.5 where all of it changes both ways; 0 for none."""
    both = 2 * np.minimum(gained, lost)
    return np.where(same + both > 0, 0.5 - both / np.maximum(same + both, 1), 0.0)


def _pairs(sums: BlockSums) -> tuple[FloatArray, FloatArray, FloatArray]:
    return sums.same, sums.gained, sums.lost


def _mirrored(sums: BlockSums, first: Mask) -> FloatArray:
    """(slices,) agreement of one half with the mirror image of the other."""
    middle = int(first.sum())
    wide = min(middle, len(first) - middle)
    if not wide:
        return np.zeros(sums.all.shape[2])
    mean = sums.all / np.maximum(sums.all_count, 1)
    clear = np.where(sums.all_count > 0.3 * sums.all_count.max(), np.sign(mean) * (np.abs(mean) > 0.25), 0)
    one, other = clear[middle - wide : middle][::-1], clear[middle : middle + wide]
    same, gained, lost = ((one * other) > 0, (one < 0) & (other > 0), (one > 0) & (other < 0))
    return agreement(*(part.sum(axis=(0, 1)) for part in (same, gained, lost)))
