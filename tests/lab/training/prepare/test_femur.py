"""Femora: bridged between shaft and trochanters, and followed where the hip is bent."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.femur import bridge_femora
from gluteal_grade_lab.training.prepare.field import STEP
from gluteal_grade_lab.training.prepare.labelled import Labelled
from gluteal_grade_lab.training.prepare.pose import bent, thighs

HEADS = np.array([[50.0, 30, 130], [14, 30, 130]])


def rods(tilt: float = 0.0) -> Labelled:
    """Two femora of 10 voxels across; the right one leans to the front by `tilt` voxels for each voxel downwards."""
    shape = (64, 120, 140)
    labels = np.zeros(shape, dtype=np.uint8)
    x, y, z = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij", sparse=True)
    for side, lean in ((0, 0.0), (1, tilt)):
        head = HEADS[1 - side]
        middle = head[1] + lean * (head[2] - z)
        labels[((x - head[0]) ** 2 + (y - middle) ** 2 <= 25) & (z <= head[2])] = names.FEMUR[side]
    return Labelled("rods", labels, np.zeros(3, int), np.array(shape), HEADS, np.array([14.0, 14]))


def test_a_broken_femur_is_bridged_but_never_through_a_gluteus():
    whole = rods().labels
    broken = whole.copy()
    broken[:, :, 72:100] = 0
    broken[:, 36:, 72:100] = names.MAXIMUS[0]
    out = bridge_femora(broken, HEADS)
    lost = (whole > 0) & (broken == 0)
    assert (out[lost] > 0).mean() > 0.97
    np.testing.assert_array_equal(out == names.MAXIMUS[0], broken == names.MAXIMUS[0])
    np.testing.assert_array_equal(bridge_femora(whole, HEADS) > 0, whole > 0)


def test_a_bent_hip_is_followed():
    target, donor = rods(tilt=0.6), rods()
    assert thighs(target, donor) == (0, 1)
    grid = torch.tensor([[[[50, 30 + 0.6 * 100, 30]]], [[[14, 30, 30]]], [[[50, 30, 138]]]], dtype=torch.float32) / STEP
    knee, other, above = (bent(target, donor, grid, np.eye(3, dtype=np.float32)) * STEP)[:, 0, 0].numpy()
    length = np.hypot(60, 100)
    np.testing.assert_allclose(knee, [50, 30, 130 - length], atol=2)
    # the thighs part softly: 27 mm from the middle the other one still moves 1 % of the way, half a voxel here
    np.testing.assert_allclose(other, [14, 30, 30], atol=0.8)
    np.testing.assert_allclose(above, [50, 30, 138], atol=1.5)


def test_short_femora_tell_nothing():
    short = rods()
    cut = replace(short, labels=np.where(np.arange(140) > 100, short.labels, 0).astype(np.uint8))
    assert thighs(cut, short) == ()
    assert thighs(short, cut) == ()
    same = torch.rand((3, 3, 3, 3)) * 10
    assert float((bent(cut, short, same, np.eye(3, dtype=np.float32)) - same).abs().max()) == pytest.approx(0)
