from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gluteal_grade.geometry import Volume
from gluteal_grade.report.image import stored_image

VOLUMES = arrays(np.float32, (3, 4, 5), elements=st.floats(-1e6, 1e6, width=32))


def volume(array: np.ndarray) -> Volume:
    return Volume(array, np.diag([1.0, 1, 1, 1]))


@given(arrays(np.int32, (3, 4, 5), elements=st.integers(-32768, 32767)))
def test_whole_numbers_that_fit_stay_what_they_are(array: np.ndarray) -> None:
    for given_as in (array, array.astype(np.float32)):
        stored = stored_image(volume(given_as)).array
        assert stored.dtype == np.int16
        np.testing.assert_array_equal(stored, array)


@given(VOLUMES)
def test_the_order_of_brightness_is_kept(array: np.ndarray) -> None:
    stored = stored_image(volume(array)).array.ravel()
    order = np.argsort(array.ravel(), kind="stable")
    assert (np.diff(stored[order].astype(int)) >= 0).all()


def test_other_numbers_are_scaled_finely_enough() -> None:
    array = np.random.default_rng(1).uniform(0, 0.8, (20, 20, 20)).astype(np.float32)
    stored = stored_image(volume(array)).array
    scale = stored.max() / array.max()
    assert 2000 < stored.max() < 2100
    assert np.abs(stored / scale - array).max() < 0.001


def test_what_is_not_finite_is_dark() -> None:
    array = np.full((2, 2, 2), 0.5, np.float32)
    array[0, 0, 0], array[1, 1, 1] = np.nan, np.inf
    stored = stored_image(volume(array)).array
    assert len(np.unique(stored)) == 1


def test_nothing_at_all() -> None:
    assert (stored_image(volume(np.zeros((2, 2, 2), np.float32))).array == 0).all()
    assert (stored_image(volume(np.full((2, 2, 2), np.nan))).array == 0).all()
    assert (stored_image(volume(np.full((2, 2, 2), 70000, np.uint32))).array > 0).all()


def test_a_rare_bright_voxel_does_not_darken_the_rest() -> None:
    array = np.random.default_rng(1).uniform(0.2, 0.8, (30, 30, 30)).astype(np.float32)
    array[0, 0, 0] = 1e5
    stored = stored_image(volume(array)).array
    assert np.median(stored) > 1000
