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


def test_the_middle_of_the_pelvis_is_in_view_and_both_hips_are_cut():
    cut = 0
    for seed in range(20):
        inside = fields.middle(WHERE, HEADS, 4.0, np.random.default_rng(seed))
        width = inside.any(dim=2).any(dim=1).nonzero()[:, 0]
        assert 145 <= len(width) * 4 <= 324
        assert width[0] <= 40 <= width[-1]
        cut += int(width[0]) > 10 and int(width[-1]) < 70
    assert cut > 10


@pytest.mark.parametrize("angle_deg", [0.0, 25.0])
def test_a_field_lies_along_the_scanner_however_the_body_lies(angle_deg):
    c, s = float(np.cos(np.radians(angle_deg))), float(np.sin(np.radians(angle_deg)))
    x, y = WHERE[0] - 40, WHERE[1] - 40
    turned = torch.stack([40 + c * x - s * y, 40 + s * x + c * y, WHERE[2]])
    inside = fields.one_hip(turned, HEADS[0], 4.0, np.random.default_rng(3))
    extent = [inside.movedim(axis, 0).flatten(1).any(dim=1).nonzero()[:, 0] for axis in range(3)]
    assert int(inside.sum()) == np.prod([int(e[-1] - e[0]) + 1 for e in extent])  # a full box
    head = int(((turned - torch.from_numpy(HEADS[0]).float()[:, None, None, None]) ** 2).sum(0).argmin())
    assert bool(inside.flatten()[head])


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
