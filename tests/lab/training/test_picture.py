"""Pictures of tissues: replaced muscle, lesions and slices."""

import numpy as np
import pytest
import torch

from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.picture import draw_picture, replaced

TISSUE = torch.full((32, 32, 32), t.FAT, dtype=torch.uint8)
TISSUE[8:20], TISSUE[:, :6] = t.GLUTEI[0], t.AIR
WHERE = torch.stack(torch.meshgrid(*[torch.arange(32.0)] * 3, indexing="ij"))


@pytest.mark.long
def test_pictures_are_finite_and_reach_somewhere():
    ends = 0
    for seed in range(40):
        mass = torch.zeros(TISSUE.shape, dtype=torch.bool)
        mass[10:14, 10:14, 10:14] = seed % 2 == 0
        found = draw_picture(TISSUE, WHERE, None, 2.5, np.random.default_rng(seed), mass, swelling=seed % 3 == 0)
        assert torch.isfinite(found.image).all()
        assert float(found.image.std()) > 0
        assert bool(found.reach.any())
        ends += not bool(found.reach.all())
    assert 2 < ends < 20  # gapped scans end half a slice beyond the last


def test_replaced_muscles_are_mostly_fat():
    means = np.array([replaced(np.random.default_rng(seed)).mean[list(t.GLUTEI)] for seed in range(40)])
    assert (means.max(axis=1) > 0.4).all()
    assert ((means < 0.31).any(axis=1)).any()  # some spared
    assert ((means > 0.35).all(axis=1)).any()  # some not
