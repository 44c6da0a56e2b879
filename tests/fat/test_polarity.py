"""Runs of slices: what the skin says counts only where the tissue turns at their ends."""

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.fat.block_sums import BlockSums
from gluteal_grade.fat.polarity import by_side

SWAP = load_settings().fat.swap
SLICES, VOXELS = 40, 400


def sums(votes: np.ndarray, turned: dict[int, float], tissue: dict[int, int] | None = None) -> BlockSums:
    """One block a side; `votes`: of the skin, by slice; `turned`: share of the voxels that turn between slice k and k + 1."""
    share = np.full(SLICES - 1, 0.05)
    count = np.full(SLICES - 1, VOXELS)
    for k, value in turned.items():
        share[k] = value
    for k, voxels in (tissue or {}).items():
        count[k] = voxels
    pairs = np.broadcast_to(count, (2, 1, SLICES - 1))
    half = pairs * share / 2
    skin = np.broadcast_to(50 * votes, (2, 1, SLICES))
    fifty, nothing = np.full((2, 1, SLICES), 50.0), np.zeros((2, 1, SLICES))
    everything = np.full((2, 1, SLICES), float(VOXELS))
    return BlockSums(pairs * (1 - share), half, half, skin, fifty, nothing, fifty, nothing, everything, (np.arange(2), np.arange(1)))


def wrong(found: BlockSums) -> np.ndarray:
    return by_side(found, np.array([True, False]), SWAP)[0] < 0


def test_muscle_under_thin_skin_fat_in_many_slices_is_not_exchanged() -> None:
    votes = np.where(np.arange(SLICES) < 25, -0.9, 0.9)
    signs, evidence, agreed = by_side(sums(votes, {}), np.array([True, False]), SWAP)
    assert len(set(signs.ravel())) == 1  # all one way, as nothing turns anywhere
    assert evidence > SWAP.min_polarity  # there is much of it
    assert agreed < SWAP.min_agreed  # but it contradicts itself


def test_skin_that_reads_water_everywhere_is_sure() -> None:
    signs, evidence, agreed = by_side(sums(np.full(SLICES, -0.5), {}), np.array([True, False]), SWAP)
    assert (signs < 0).all()
    assert evidence > SWAP.min_polarity
    assert agreed > SWAP.min_agreed


def test_a_run_whose_tissue_turns_at_its_ends_is() -> None:
    votes = np.where((np.arange(SLICES) > 9) & (np.arange(SLICES) < 20), -0.9, 0.9)
    found = wrong(sums(votes, {9: 0.9, 19: 0.9}))
    assert (found == (votes < 0)).all()


def test_a_border_with_hardly_any_tissue_is_none() -> None:
    votes = np.where(np.arange(SLICES) < 39, 0.9, -0.9)
    assert not wrong(sums(votes, {38: 1.0}, {38: 3})).any()
    assert wrong(sums(votes, {38: 1.0}))[:, -1].all()
