"""Tight and loose outlines."""

import numpy as np
import torch

from gluteal_grade_lab.training.styles import outline_style


def test_outlines_move_against_the_background_alone():
    labels = torch.zeros((30, 20, 20), dtype=torch.uint8)
    labels[5:15, 5:15, 5:15], labels[15:25, 5:15, 5:15], labels[5:25, 2:5, 5:15] = 1, 2, 7
    sizes = set()
    for seed in range(20):
        found = outline_style(labels, 2.5, np.random.default_rng(seed))
        assert torch.equal(found == 7, labels == 7)  # another class neither gives nor takes
        assert torch.equal(found[15, 8:12, 8:12], labels[15, 8:12, 8:12])  # nor does the border between two muscles move
        sizes.add(int((found > 0).sum()) - int((labels > 0).sum()))
    assert min(sizes) < -50
    assert max(sizes) > 50


def test_nothing_to_outline():
    labels = torch.full((8, 8, 8), 7, dtype=torch.uint8)
    assert torch.equal(outline_style(labels, 2.5, np.random.default_rng(0)), labels)
