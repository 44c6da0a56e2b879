from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.report.levels import MOST_LEVELS, choose_levels
from gluteal_grade.report.view import view_of
from gluteal_grade.vocabulary import LABEL_VALUES
from tests.synthetic import make_toy

SAMPLES = Path(__file__).parents[2] / "data/sample"
VALUES = [0, *LABEL_VALUES]
FINE = np.diag([3.0, 3.0, 10.0, 1.0])


def test_axial_levels_of_a_toy():
    labels = make_toy().labels
    levels = choose_levels(labels, 2)
    assert [level.slug for level in levels] == ["crest_third", "medius", "joint_top", "femoral_head", "trochanter"]
    assert [level.estimated for level in levels] == [True, False, True, True, True]
    position = {level.slug: level.index * 5.0 - 72.5 for level in levels}
    # the toy's medius: an ellipsoid about 25 mm, 42 mm high either way; its section is a quarter where (z / 42)^2 = 3/4
    low, top = 25 - 42 * 0.75**0.5, 25 + 42 * 0.75**0.5
    assert position["medius"] == pytest.approx(25, abs=5)
    for slug, height in (("crest_third", top - 23), ("joint_top", low + 21), ("femoral_head", low - 2), ("trochanter", low - 25)):
        assert position[slug] == pytest.approx(height, abs=4)


@pytest.mark.parametrize("sample", ["healthy_dixon", "osteoarthritis_t1", "tha_mars"])
def test_bones_of_the_sample_people_are_met(sample):
    """Their femoral heads have a radius of 24 mm about a height of 0, warped by 2 mm; the greater trochanter reaches from 11 to -52 mm."""
    labels = read_volume(SAMPLES / sample / "labels.nii.gz")
    view = view_of(labels.grid, 2)
    position = {level.slug: view.position_mm(level.index) for level in choose_levels(labels, 2)}
    assert list(position) == ["crest_third", "medius", "joint_top", "femoral_head", "trochanter"]
    assert abs(position["femoral_head"]) < 10
    assert 14 < position["joint_top"] < 30
    assert -40 < position["trochanter"] < -12
    assert 75 < position["crest_third"] < 105


def test_levels_that_the_picture_cuts_are_left_out():
    labels = read_volume(SAMPLES / "healthy_dixon/labels.nii.gz")
    view = view_of(labels.grid, 2)
    whole = {level.slug: level.index for level in choose_levels(labels, 2)}
    lower = _from(labels, 0, whole["medius"])
    assert {level.slug for level in choose_levels(lower, 2)} >= {"joint_top", "femoral_head", "trochanter"}
    assert "crest_third" not in {level.slug for level in choose_levels(lower, 2)}, "the top of medius is not in view"
    upper = _from(labels, whole["joint_top"] + 2, labels.shape[2])
    slugs = {level.slug: level for level in choose_levels(upper, 2)}
    assert not slugs.keys() & {"joint_top", "femoral_head", "trochanter"}
    assert view_of(upper.grid, 2).position_mm(slugs["crest_third"].index) == pytest.approx(view.position_mm(whole["crest_third"]), abs=5)


def test_muscles_that_no_standard_level_shows_get_their_own():
    labels = make_toy().labels
    only = labels.with_array(np.where(labels.array // 10 % 10 == 2, 0, labels.array))
    assert {level.slug for level in choose_levels(only, 2)} == {"minimus", "lower_maximus"}, "maximus is well shown beside minimus"
    maximus = labels.with_array(np.where(labels.array // 10 % 10 == 1, labels.array, 0))
    assert [level.slug for level in choose_levels(maximus, 2)] == ["maximus", "lower_maximus"]


def _from(labels: Volume, first: int, stop: int) -> Volume:
    affine = labels.affine.copy()
    affine[:3, 3] += first * affine[:3, 2]
    return Volume(labels.array[:, :, first:stop], affine)


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
    assert (level.slug, level.title) == ("medius", "Largest medius section")
    upright = make_toy(shape=(144, 1, 30)).labels
    (level,) = choose_levels(upright, 1)
    assert level.title == "Largest medius and minimus sections"


def test_levels_on_one_thick_slice_share_it():
    levels = choose_levels(make_toy(shape=(144, 104, 6), spacing=(2.5, 2.5, 25.0)).labels, 2)
    assert len({level.index for level in levels}) == len(levels) < 5
    shared = [level for level in levels if ", " in level.title]
    assert shared
    assert all(level.estimated and "_" in level.slug for level in shared)


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(3)), flips=st.tuples(*[st.booleans()] * 3), seed=st.integers(0, 1000))
def test_levels_do_not_depend_on_how_the_array_lies(order, flips, seed):
    """Axes in any order, either way round: the same places in the patient, in the same order."""
    rng = np.random.default_rng(seed)
    array = np.zeros((12, 12, 40), np.uint8)
    for value in rng.choice([110, 111, 120, 122, 131, 132, 210, 220, 230], 5):
        low = rng.integers(0, (9, 9, 25))
        size = rng.integers((3, 3, 5), (8, 8, 15))
        array[tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))] = value
    labels = Volume(array, FINE @ np.diag([1, 1, 0.5, 1]))
    turned, affine = array.transpose(order), labels.affine[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, axis] * (turned.shape[axis] - 1)
            affine[:3, axis] *= -1
            turned = np.flip(turned, axis)
    other = Volume(np.ascontiguousarray(turned), affine)
    axis = order.index(2)
    expected, found = choose_levels(labels, 2), choose_levels(other, axis)
    places = [view_of(labels.grid, 2).position_mm(level.index) for level in expected]
    again = [view_of(other.grid, axis).position_mm(level.index) for level in found]
    up = 1 if view_of(other.grid, axis).ends[1] == "S" else -1
    # of sections equally large the first is chosen, from whichever end the array counts
    if up == 1:
        assert [level.slug for level in found] == [level.slug for level in expected]
        assert [up * p for p in again] == pytest.approx(places)
    assert [up * p for p in again] == sorted((up * p for p in again), reverse=True)
