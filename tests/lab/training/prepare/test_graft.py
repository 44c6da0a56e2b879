"""Grafts: registered, continued over the edge of the field of view, and never over the receiver's own structures."""

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade_lab.training.prepare.graft import graft, smooth_labels, warp_labels
from gluteal_grade_lab.training.prepare.names import GLUTEI
from gluteal_grade_lab.training.prepare.recipe import DEEP_AND_THIGH, EVERYTHING
from gluteal_grade_lab.training.prepare.register import common_groups, overlap, register
from tests.lab.training.prepare.toy_labels import SHAPE, ellipsoid, toy


def donor():
    """The toy moved, with a muscle that the receiver lacks and glutei in other places."""
    moved = toy(shift=(3, -2, 4))
    labels = moved.labels.copy()
    labels[ellipsoid(SHAPE, (15 + 3, 58 - 2, 40 + 4), (5, 5, 16)) & (labels == 0)] = 7
    return replace(moved, labels=labels)


@pytest.mark.long
def test_registration_finds_a_known_shift():
    target, lender = toy(), donor()
    field = register(target, lender, *common_groups(target, lender))
    warped = warp_labels(lender.labels, field, SHAPE)
    scores = overlap(target.labels, warped, [1, 2, 3, 4, 57, 61])
    assert min(scores.values()) > 0.85, scores
    truth = ellipsoid(SHAPE, (15, 58, 40), (5, 5, 16)) & (target.labels == 0)
    assert overlap(np.where(truth, 7, 0), warped, [7])[7] > 0.7


def test_own_labels_always_win():
    target = toy()
    filled = graft(target, donor().labels, DEEP_AND_THIGH, EVERYTHING)
    own = target.labels > 0
    np.testing.assert_array_equal(filled.labels[own], target.labels[own])
    assert (filled.labels == 7).sum() > 500
    for value in GLUTEI:
        assert (filled.labels == value).sum() == (target.labels == value).sum()


def test_a_cut_muscle_goes_on_below_the_field_of_view():
    whole, cut = toy(), toy(low=(0, 0, 30))
    filled = graft(cut, donor().labels, DEEP_AND_THIGH, EVERYTHING).labels
    for z in (29, 28):  # beside the cut it still has its own shape
        here, above = filled[:, :, z] == 2, cut.labels[:, :, 30] == 2
        assert (here & above).sum() / (here | above).sum() > 0.9
    far = filled[:, :, 16] == 2
    lent = donor().labels[:, :, 16] == 2
    assert (far & lent).sum() / (far | lent).sum() > 0.85
    np.testing.assert_array_equal(filled[:, :, 30:] == 2, whole.labels[:, :, 30:] == 2)


def test_smoothing_keeps_bulk_and_drops_specks():
    labels = toy().labels
    noisy = labels.copy()
    noisy[50, 5, 5] = 9
    smooth = smooth_labels(noisy)
    assert not (smooth == 9).any()
    assert overlap(labels, smooth, [1])[1] > 0.97
