"""Shifts of whole arrays give what scipy.ndimage gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gluteal_grade.imaging.planes import beside, box_of, boxes_of, median_in_plane, narrowed, opened, widened

SHAPES = st.tuples(*[st.integers(1, 9)] * 3)


def _mask(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random(shape) < rng.choice([0.05, 0.5, 0.9, 1.0])


@settings(max_examples=150, deadline=None)
@given(SHAPES, st.integers(0, 10_000), st.integers(1, 6), st.sampled_from([(0, 1), (1, 2), (0,), (0, 1, 2)]))
def test_squares(shape: tuple[int, int, int], seed: int, steps: int, axes: tuple[int, ...]) -> None:
    mask = _mask(shape, seed)
    square = np.ones([3 if axis in axes else 1 for axis in range(3)])
    before = mask.copy()
    assert np.array_equal(widened(mask, steps, axes), ndimage.binary_dilation(mask, square, iterations=steps))
    assert np.array_equal(narrowed(mask, steps, axes), ndimage.binary_erosion(mask, square, iterations=steps))
    assert np.array_equal(mask, before)


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.integers(0, 10_000))
def test_opening(shape: tuple[int, int, int], seed: int) -> None:
    mask = _mask(shape, seed)
    assert np.array_equal(opened(mask), ndimage.binary_opening(mask, np.ones((3, 3, 1))))


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.integers(0, 10_000), st.sampled_from([(0, 1), (0, 2), (0, 1, 2)]))
def test_faces(shape: tuple[int, int, int], seed: int, axes: tuple[int, ...]) -> None:
    mask = _mask(shape, seed)
    cross = ndimage.generate_binary_structure(len(axes), 1)
    for axis in {0, 1, 2} - set(axes):
        cross = np.expand_dims(cross, axis)
    assert np.array_equal(beside(mask, axes), ndimage.binary_dilation(mask, cross))


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 3), (7, 9, 4), (61, 53, 47)])
def test_median(shape: tuple[int, int, int], slice_axis: int) -> None:
    array = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    size = tuple(1 if axis == slice_axis else 3 for axis in range(3))
    found = median_in_plane(array, slice_axis)
    assert found.dtype == np.float32
    assert np.array_equal(found, ndimage.median_filter(array, size=size, mode="nearest"))


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.integers(0, 10_000))
def test_box(shape: tuple[int, int, int], seed: int) -> None:
    mask = _mask(shape, seed)
    if mask.any():
        assert box_of(mask) == ndimage.find_objects(mask.astype(np.uint8))[0]
    else:
        assert mask[box_of(mask)].size == 0


def test_of_no_labels_there_are_no_boxes() -> None:
    assert boxes_of(np.zeros((4, 5, 6), np.uint8)) == {}
