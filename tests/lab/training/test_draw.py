"""Muscles fill their fasciae and share them otherwise, and nothing else of the body moves."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gluteal_grade_lab.training import draw
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.signal import any_of

MAXIMUS, MEDIUS = t.GLUTEI[:2]


def muscle(tissue: Tensor) -> Tensor:
    return any_of(tissue, t.MUSCLES)


def two_muscles(gap: int) -> Tensor:
    """(40, 40, 40): bone, two muscles of 12 voxels side by side with fat around and `gap` voxels of it between, air."""
    tissue = torch.full((40, 40, 40), t.FAT, dtype=torch.uint8)
    tissue[:, :, :4] = t.CORTICAL_BONE
    tissue[:, :, 36:] = t.AIR
    tissue[6 : 18 - gap, 8:32, 8:32] = MAXIMUS
    tissue[18:30, 8:32, 8:32] = MEDIUS
    return tissue


def test_muscles_grow_into_fat_and_nothing_else() -> None:
    before, grown = two_muscles(gap=4), two_muscles(gap=4)
    most = 0
    for seed in range(10):
        after = before.clone()
        draw._fill_muscles(after, 2.0, np.random.default_rng(seed))
        changed = after != before
        assert (before[changed] == t.FAT).all()
        assert set(after[changed].tolist()) <= {MAXIMUS, MEDIUS}
        if int(changed.sum()) > most:
            most, grown = int(changed.sum()), after
    assert int((grown == MAXIMUS).sum()) > 1.2 * int((before == MAXIMUS).sum())
    assert bool((grown[14:18, 18:22, 18:22] != t.FAT).all())  # they meet
    bounds = (grown == MEDIUS).nonzero()
    assert int(bounds[:, 0].max()) - 29 <= 4  # 8 mm at most


def test_borders_slide_within_the_outline_of_both() -> None:
    before = two_muscles(gap=0)
    moved = []
    for seed in range(12):
        after = before.clone()
        draw._slide_borders(after, 2.0, np.random.default_rng(seed))
        assert torch.equal(muscle(after), muscle(before))
        assert torch.equal(after[~muscle(before)], before[~muscle(before)])
        moved.append(int((after != before).sum()) / (24 * 24))  # in voxels along the border's normal
    assert max(moved) > 3
    assert float(np.median(moved)) > 1
