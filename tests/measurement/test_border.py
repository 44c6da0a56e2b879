import numpy as np
import pytest

from gluteal_grade.measurement.border import rings

SHAPE = (11, 11, 3)


def square() -> tuple[np.ndarray, np.ndarray]:
    """A 5 x 5 label over three slices: core 3 x 3 of 0.1, rim 0.2; outside it 0.8."""
    mask = np.zeros(SHAPE, bool)
    mask[3:8, 3:8] = True
    values = np.full(SHAPE, 0.8)
    values[mask] = 0.2
    values[4:7, 4:7] = 0.1
    return mask, values


def test_shifts_are_means_of_what_is_inside_then():
    found = rings(*square(), slice_axis=2)
    assert found.mean == pytest.approx((9 * 0.1 + 16 * 0.2) / 25)
    assert found.shifted(-1) == pytest.approx(0.1)
    assert found.shifted(-0.5) == pytest.approx((9 * 0.1 + 8 * 0.2) / 17)
    assert found.shifted(0) == pytest.approx(found.mean)
    assert found.shifted(1) == pytest.approx((9 * 0.1 + 16 * 0.2 + 20 * 0.8) / 45)  # a plus-shaped step: no corners
    assert found.shifted(0.5) == pytest.approx((9 * 0.1 + 16 * 0.2 + 10 * 0.8) / 35)


def test_borders_move_within_slices_only():
    mask, values = square()
    mask[:, :, 0] = mask[:, :, 2] = False
    assert rings(mask, values, slice_axis=2).outer.size == 20
    assert rings(mask, values, slice_axis=0).outer.size == 5 * (2 * 5 + 2)
    assert rings(mask, values, slice_axis=None).outer.size == 20 + 2 * 25


def test_the_edge_of_the_picture_is_no_border():
    mask = np.zeros(SHAPE, bool)
    mask[:5] = True
    assert rings(mask, np.zeros(SHAPE), slice_axis=2).inner.size == 11 * 3


def test_voxels_without_a_value_are_left_out():
    mask, values = square()
    values[3, :, :] = np.nan
    found = rings(mask, values, slice_axis=2)
    assert found.core.size + found.inner.size == 20 * 3
    assert np.isfinite([found.mean, found.shifted(-1), found.shifted(1)]).all()


def test_doubt_weighs_voxels():
    mask, values = square()
    doubt = np.zeros(SHAPE)
    doubt[3, 3:8] = 1.0  # the segmenter does not believe this edge at all
    doubt[8, 3:8] = 0.5  # and half believes this one outside
    found = rings(mask, values, 2, doubt)
    assert found.without_doubtful() == pytest.approx((9 * 0.1 + 11 * 0.2) / 20)
    assert found.with_doubtful() == pytest.approx((9 * 0.1 + 16 * 0.2 + 2.5 * 0.8) / 27.5)


def test_a_label_of_one_voxel_has_no_core_and_no_smaller_self():
    mask = np.zeros(SHAPE, bool)
    mask[5, 5, 1] = True
    found = rings(mask, np.full(SHAPE, 0.3), 2)
    assert np.isnan(found.shifted(-1))
    assert found.mean == pytest.approx(0.3)
