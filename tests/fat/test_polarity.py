"""Columns of blocks: what looks like an exchanged run of slices, and what only looks like streaks of fat."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.fat.block_sums import BlockSums
from gluteal_grade.fat.polarity import column_gain

SWAP = load_settings().fat.swap
SLICES, VOXELS = 12, 40


def sums(turned: dict[int, float]) -> BlockSums:
    """Two by two blocks far from skin; `turned`: share of the voxels that turn, half each way, between slice k and k + 1."""
    share = np.zeros((2, 2, SLICES - 1))
    for k, value in turned.items():
        share[:, :, k] = value
    nothing, everything = np.zeros((2, 2, SLICES)), np.full((2, 2, SLICES), float(VOXELS))
    blocks = np.arange(2)
    half = VOXELS * share / 2
    return BlockSums(VOXELS * (1 - share), half, half, nothing, nothing, nothing, nothing, nothing, everything, (blocks, blocks))


def gain(turned: dict[int, float]) -> float:
    return float(column_gain(sums(turned), SWAP)[0].max())


@pytest.mark.parametrize("share", [0.85, 1.0])
def test_a_run_whose_tissue_turns_at_both_ends_is_exchanged(share: float) -> None:
    found, low, high = column_gain(sums({3: share, 7: share}), SWAP)
    assert found.max() > SWAP.min_tile_gain
    assert (int(low[0, 0]), int(high[0, 0])) == (4, 7)


@pytest.mark.parametrize("one_end", [{3: 1.0}, {3: 1.0, 7: 0.65}, {3: 0.65, 7: 1.0}])
def test_a_run_that_turns_at_one_end_only_is_not(one_end: dict[int, float]) -> None:
    assert gain(one_end) < SWAP.min_tile_gain


def test_streaks_between_all_slices_are_not() -> None:
    assert gain(dict.fromkeys(range(SLICES - 1), 0.6)) < SWAP.min_tile_gain
