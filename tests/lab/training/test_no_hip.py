"""Samples of what is no hip."""

import numpy as np
import pytest

from gluteal_grade_lab.training.classes import CLASSES
from gluteal_grade_lab.training.no_hip import DRAWN, NoHipSampler
from gluteal_grade_lab.training.strangers import STRANGERS

PATCH = (48, 48, 32)


@pytest.mark.long
@pytest.mark.parametrize("look", ["hip", "locator"])
def test_samples_hold_pictures_and_no_muscle(look):
    sampler = NoHipSampler(look, PATCH, 2.5, seed=3)
    samples = [sampler(index) for index in range(0, 80, 8)]
    assert len({sample.mode for sample in samples}) > 2
    for sample in samples:
        assert tuple(sample.image.shape) == tuple(sample.labels.shape) == PATCH
        assert not sample.labels.any()
        assert 0 <= float(sample.image.min()) <= float(sample.image.max()) <= 1
        assert float(sample.image.max()) > 0


def test_the_same_number_gives_the_same_sample():
    one, again = NoHipSampler("hip", PATCH, 2.5, seed=3), NoHipSampler("hip", PATCH, 2.5, seed=3)
    again(40)
    np.testing.assert_array_equal(one(9).image.numpy(), again(9).image.numpy())
    assert not np.array_equal(one(8).image.numpy(), one(9).image.numpy())


def test_a_calf_says_nothing_about_bone_and_other_muscle():
    sampler = NoHipSampler("hip", PATCH, 2.5, kinds=("calves, T1",))
    assert {CLASSES["hip"][number - 1] for number in sampler(0).unknown} == {"femur", "other_muscle"}
    assert NoHipSampler("hip", PATCH, 2.5, kinds=("brain, T1",))(0).unknown == ()


def test_something_is_left_to_be_tried_on():
    assert set(STRANGERS) - set(DRAWN) == {"knee, T1", "empty"}
