import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gluteal_grade.anatomy import LABEL_VALUES
from gluteal_grade.geometry import Volume
from gluteal_grade.report.levels import MOST_LEVELS, choose_levels
from gluteal_grade.report.view import view_of
from tests.synthetic import make_toy

VALUES = [0, *LABEL_VALUES]
FINE = np.diag([3.0, 3.0, 10.0, 1.0])


def test_axial_levels_of_a_toy():
    labels = make_toy().labels
    levels = choose_levels(labels, 2)
    assert [level.slug for level in levels] == ["upper_medius", "medius", "minimus", "maximus", "lower_maximus"]
    position = {level.slug: level.index * 5.0 - 72.5 for level in levels}
    # the toy's ellipsoids: centres at 25, 12 and -15 mm, half heights 42, 25 and 55 mm
    assert position["medius"] == pytest.approx(25, abs=5)
    assert position["minimus"] == pytest.approx(12, abs=5)
    assert position["maximus"] == pytest.approx(-15, abs=5)
    assert position["upper_medius"] == pytest.approx(25 + 21, abs=8)
    assert position["lower_maximus"] == pytest.approx(-15 - 27, abs=8)


def test_coronal_levels_run_from_anterior_to_posterior():
    levels = choose_levels(make_toy(shape=(60, 60, 60), spacing=(6.0, 4.0, 4.0)).labels, 1)
    assert levels[0].slug == "anterior_medius"
    assert levels[-1].slug == "posterior_maximus"
    assert [level.index for level in levels] == sorted((level.index for level in levels), reverse=True)


def test_sagittal_levels_show_both_sides_right_first():
    levels = choose_levels(make_toy(shape=(90, 60, 60), spacing=(4.0, 4.0, 4.0)).labels, 0)
    assert levels[0].title.startswith("Largest right")
    assert any("left" in level.slug for level in levels)


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
@settings(max_examples=40, deadline=None)
@given(array=arrays(np.uint8, st.tuples(*[st.integers(1, 12)] * 3), elements=st.sampled_from(VALUES), fill=st.just(0)))
def test_levels_are_few_distinct_and_hold_labels(slice_axis, array):
    labels = Volume(array, FINE)
    levels = choose_levels(labels, slice_axis)
    indices = [level.index for level in levels]
    assert 1 <= len(levels) <= MOST_LEVELS
    assert len(set(indices)) == len(indices)
    assert all(0 <= index < array.shape[slice_axis] for index in indices)
    positions = [view_of(labels.grid, slice_axis).position_mm(index) for index in indices]
    assert positions == sorted(positions, reverse=True)
    assert len({level.slug for level in levels}) == len(levels)
    if array.any():
        assert all(np.take(array, index, axis=slice_axis).any() for index in indices)


def test_order_follows_the_patient_not_the_array():
    labels = make_toy().labels
    upside_down = Volume(labels.array[:, :, ::-1], labels.affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 29], [0, 0, 0, 1.0]]))
    assert [level.slug for level in choose_levels(upside_down, 2)] == [level.slug for level in choose_levels(labels, 2)]
    for turned, level in zip(choose_levels(upside_down, 2), choose_levels(labels, 2), strict=True):
        assert abs(29 - turned.index - level.index) <= 1  # ties go to the first slice


def test_no_label_gives_the_middle_slice():
    assert choose_levels(Volume(np.zeros((5, 5, 9), np.uint8), FINE), 2)[0].index == 4


def test_stray_voxels_do_not_move_the_levels():
    labels = make_toy().labels
    stray = labels.array.copy()
    stray[70, 50, 29] = 120
    stray[70, 50, 0] = 110
    assert choose_levels(labels.with_array(stray), 2) == choose_levels(labels, 2)


def test_a_thick_slice_with_everything_is_shown_once():
    labels = make_toy(shape=(144, 104, 1)).labels
    (level,) = choose_levels(labels, 2)
    assert level.slug == "medius_minimus_maximus"
    assert level.title == "Largest medius and minimus and maximus sections"
