"""Samples that wait on disk."""

import numpy as np
import torch

from gluteal_grade_lab.training.patches import Sample
from gluteal_grade_lab.training.pool import Pool, bent, fill


def sample(index):
    image = torch.full((8, 8, 8), 0.5)
    image[:2] = 0
    return Sample(image, torch.full((8, 8, 8), index % 200, dtype=torch.uint8), "t1", (2, 3))


def test_the_newest_are_kept_and_come_back_whole(tmp_path):
    fill(sample, tmp_path, 10, stride=2, keep=3, count=5)
    assert len(list(tmp_path.glob("*.pt"))) == 3
    pool = Pool(tmp_path, least=3)
    found = [pool(i) for i in range(30)]
    assert {int(s.labels.max()) for s in found} == {14, 16, 18}
    assert {s.unknown for s in found} == {(2, 3)}
    assert {s.mode for s in found} == {"t1"}


def test_what_is_not_in_view_stays_empty():
    found = bent(sample(0), np.random.default_rng(0)).image
    assert bool((found[:2] == 0).all())
    assert bool((found[2:] > 0).all())
