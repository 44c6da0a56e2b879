"""Empty and repeated slices of one image of a pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.imaging.slices import missing_in_pair

RNG = np.random.default_rng(4)


def pair() -> tuple[np.ndarray, np.ndarray]:
    """Water and fat of a body in noisy air, slices along z."""
    body = np.zeros((40, 40, 12))
    body[6:34, 8:32] = 1
    inner = np.zeros_like(body)
    inner[10:30, 12:28] = 1
    water, fat = 80 * inner + 5 * (body - inner), 10 * inner + 90 * (body - inner)
    return tuple(np.abs(a + RNG.normal(0, 2, a.shape)) for a in (water, fat))  # type: ignore[return-value]


@given(axis=st.sampled_from([0, 1, 2]))
def test_a_sound_pair_misses_nothing(axis: int) -> None:
    water, fat = (np.moveaxis(a, 2, axis) for a in pair())
    assert not missing_in_pair(water, fat, axis).any()


@given(which=st.sampled_from([0, 1]), axis=st.sampled_from([0, 1, 2]), first=st.integers(1, 8), count=st.integers(1, 3))
def test_empty_slices_are_found_on_either_image(which: int, axis: int, first: int, count: int) -> None:
    images = list(pair())
    images[which][:, :, first : first + count] = 0
    missing = np.moveaxis(missing_in_pair(*(np.moveaxis(a, 2, axis) for a in images), axis), axis, 2)
    assert missing[:, :, first : first + count].all()
    assert missing.any(axis=(0, 1)).sum() == count


def test_slices_empty_on_both_are_found_and_padding_at_the_ends_is_none() -> None:
    water, fat = pair()
    for image in (water, fat):
        image[:, :, 5] = 0
        image[:, :, :2] = 0
    assert np.flatnonzero(missing_in_pair(water, fat, 2).any(axis=(0, 1))).tolist() == [5]


@pytest.mark.parametrize("which", [0, 1])
def test_the_empty_half_of_a_slice_is_found_and_no_more(which: int) -> None:
    images = list(pair())
    images[which][:, 20:, 6] = 0
    missing = missing_in_pair(images[0], images[1], 2)
    assert missing[10:30, 20:28, 6].all()
    assert not missing[:, :20].any()
    assert np.flatnonzero(missing.any(axis=(0, 1))).tolist() == [6]


def test_lines_of_nothing_but_fat_are_empty_on_water_and_no_fault() -> None:
    water, fat = pair()
    water[:, 8:12] = 0  # thresholded by the scanner: no water in subcutaneous fat
    assert not missing_in_pair(water, fat, 2).any()


def test_the_same_picture_twice_on_one_image_is_found() -> None:
    water, fat = pair()
    fat[:, :, 4:7] = fat[:, :, 4:5]
    assert np.flatnonzero(missing_in_pair(water, fat, 2).all(axis=(0, 1))).tolist() == [4, 5, 6]
