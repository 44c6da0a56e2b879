"""Fields of view, in millimetres of the body."""

import numpy as np
import pytest
import torch

from gluteal_grade_lab.training import fields

HEADS = np.array([[60.0, 40.0, 50.0], [20.0, 40.0, 50.0]])
WHERE = torch.stack(torch.meshgrid(torch.arange(80.0), torch.arange(80.0), torch.arange(160.0), indexing="ij"))


def test_a_box_around_one_hip():
    for seed in range(20):
        inside = fields.one_hip(WHERE, HEADS[0], 4.0, np.random.default_rng(seed))
        width = inside.any(dim=2).any(dim=1).nonzero()[:, 0]
        assert len(width) * 4 <= 324
        assert width[0] <= 60 <= width[-1]


@pytest.mark.parametrize(("part", "low", "high"), [("belly", 57, 88), ("thigh", 22, 53)])
def test_belly_and_thigh_end_where_they_should(part, low, high):
    for seed in range(20):
        heights = fields.slab(WHERE, HEADS, part, 4.0, np.random.default_rng(seed))[0, 0].nonzero()[:, 0]
        end = int(heights[0] if part == "belly" else heights[-1])
        assert low <= end <= high


def test_a_slab_is_a_slab():
    for seed in range(20):
        heights = fields.slab(WHERE, HEADS, "slab", 4.0, np.random.default_rng(seed))[0, 0].nonzero()[:, 0]
        assert 20 <= len(heights) * 4 <= 114


def test_askew_fields_lose_their_corners():
    lost = 0
    for seed in range(20):
        inside = fields.askew((40, 40, 20), np.random.default_rng(seed))
        assert bool(inside[20, 20, 10])
        lost += not bool(inside[0, 0, 0])
    assert lost > 10
