"""Scores of labels against truth that is known by construction."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side
from gluteal_grade_lab.training.metrics import Unscored, dice, hd95_mm, muscle_value, scores, side_errors, whole_muscles

SPACING = (1.5, 0.8, 4.0)
MAX_R, MAX_L = (muscle_value(Muscle.GLUTEUS_MAXIMUS, side) for side in Side)
MED_R = muscle_value(Muscle.GLUTEUS_MEDIUS, Side.RIGHT)

# the border is free, so that every voxel of a surface is one
small_masks = arrays(bool, (4, 5, 3), elements=st.booleans()).map(lambda a: np.pad(a, 1))
spacings = st.tuples(*[st.floats(0.4, 6.0)] * 3)


def volume(array, spacing=SPACING):
    return Volume(np.asarray(array, np.uint8), np.diag([*spacing, 1.0]))


def ball(radius_mm, shape=(60, 60, 60), spacing=(1.0, 1.0, 1.0), shift_mm=(0, 0, 0)):
    points = np.moveaxis(np.indices(shape), 0, -1) * spacing
    return np.linalg.norm(points - (np.array(shape) - 1) * spacing / 2 - shift_mm, axis=-1) <= radius_mm


def box(start, stop, shape=(30, 30, 30)):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return mask


def surface(mask):
    padded = np.pad(mask, 1)
    inside = np.ones(mask.shape, bool)
    for axis in range(3):
        for step in (-1, 1):
            inside &= np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1]
    return np.argwhere(mask & ~inside)


@given(small_masks, small_masks, spacings)
def test_surface_distance_is_that_of_all_pairs(a, b, spacing):
    found = hd95_mm(a, b, spacing)
    if not a.any() or not b.any():
        assert math.isnan(found)
        return
    distances = cdist(surface(a) * spacing, surface(b) * spacing)
    expected = max(np.percentile(distances.min(axis=axis), 95) for axis in (0, 1))
    assert found == pytest.approx(expected, abs=1e-6)


@given(small_masks, small_masks, spacings)
def test_scores_do_not_depend_on_the_order(a, b, spacing):
    np.testing.assert_equal(dice(a, b), dice(b, a))
    np.testing.assert_equal(hd95_mm(a, b, spacing), hd95_mm(b, a, spacing))


@given(small_masks, spacings)
def test_equal_masks_are_perfect(mask, spacing):
    if mask.any():
        assert dice(mask, mask) == 1
        assert hd95_mm(mask, mask, spacing) == 0


@given(small_masks, small_masks, spacings, st.floats(0.5, 3.0))
def test_distance_scales_with_the_voxels(a, b, spacing, factor):
    scaled = hd95_mm(a, b, tuple(s * factor for s in spacing))
    np.testing.assert_allclose(scaled, hd95_mm(a, b, spacing) * factor, rtol=1e-6)


@given(small_masks, small_masks)
def test_dice_lies_between_nothing_and_all(a, b):
    if a.any() or b.any():
        assert 0 <= dice(a, b) <= 1
        assert (dice(a, b) == 0) == (not (a & b).any())


def test_monai_says_the_same():
    import torch
    from monai.metrics import compute_hausdorff_distance

    rng = np.random.default_rng(3)
    a, b = ball(14, (44, 40, 20), (1, 1, 2)), ball(12, (44, 40, 20), (1, 1, 2), (3, -2, 1))
    b ^= rng.random(b.shape) > 0.999
    batch_a, batch_b = (torch.tensor(m)[None, None].float() for m in (a, b))
    theirs = compute_hausdorff_distance(batch_a, batch_b, include_background=True, percentile=95, spacing=[1, 1, 2])
    assert hd95_mm(a, b, (1, 1, 2)) == pytest.approx(float(theirs), abs=1e-4)


@pytest.mark.parametrize(("small", "large"), [(12, 17), (15, 15), (8, 20)])
def test_concentric_balls(small, large):
    a, b = ball(small), ball(large)
    assert hd95_mm(a, b, (1, 1, 1)) == pytest.approx(large - small, abs=1.0)
    assert dice(a, b) == pytest.approx(2 * small**3 / (small**3 + large**3), abs=0.01)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_shifted_plate(axis):
    """Two parallel plates, one voxel thick, lie exactly the shift apart."""
    start, stop = [5, 5, 5], [25, 25, 25]
    start[axis], stop[axis] = 10, 11
    a = box(start, stop)
    b = np.roll(a, 4, axis)
    assert hd95_mm(a, b, SPACING) == pytest.approx(4 * SPACING[axis])
    assert dice(a, b) == 0


def test_the_end_of_the_picture_is_no_surface():
    """A muscle cut by the border, its tail labelled twice as thick: the cut faces, at distance 0, must not water that down."""
    a, b = box((12, 12, 0), (18, 18, 30)), box((9, 9, 0), (21, 21, 30))
    assert hd95_mm(a, b, (1, 1, 1)) == pytest.approx(math.hypot(3, 3))
    assert math.isnan(hd95_mm(np.ones((4, 4, 4), bool), np.ones((4, 4, 4), bool), (1, 1, 1)))


def test_every_muscle_and_side_has_its_own_score():
    truth = np.zeros((30, 30, 30), np.uint8)
    truth[2:12, 2:12, 2:12] = MAX_R
    truth[20:28, 2:10, 2:10] = MAX_L
    predicted = np.zeros_like(truth)
    predicted[2:12, 2:12, 2:7] = MAX_R + 1  # the upper region
    predicted[2:12, 2:12, 7:13] = MAX_R + 2
    predicted[15:18, 15:18, 15:18] = MED_R
    found = {(s.muscle, s.side): s for s in scores(volume(predicted), volume(truth))}
    assert len(found) == 6
    right = found[Muscle.GLUTEUS_MAXIMUS, Side.RIGHT]
    assert right.dice == pytest.approx(2 * 1000 / 2100)
    assert right.volume_error == pytest.approx(0.1)
    assert right.truth_ml == pytest.approx(1000 * math.prod(SPACING) / 1000)
    assert right.reason is None
    left = found[Muscle.GLUTEUS_MAXIMUS, Side.LEFT]
    assert (left.dice, left.volume_error, left.reason) == (0, -1, Unscored.MISSED)
    assert math.isnan(left.hd95_mm)
    invented = found[Muscle.GLUTEUS_MEDIUS, Side.RIGHT]
    assert invented.reason is Unscored.INVENTED
    assert invented.predicted_ml > 0
    assert math.isnan(invented.dice)
    absent = found[Muscle.GLUTEUS_MINIMUS, Side.LEFT]
    assert absent.reason is Unscored.TRUTH_ABSENT
    assert math.isnan(absent.volume_error)


def test_other_grids_are_not_compared():
    a = volume(np.zeros((4, 4, 4)))
    b = volume(np.zeros((4, 4, 4)), (1, 1, 1))
    with pytest.raises(ValueError, match="grid"):
        scores(a, b)
    with pytest.raises(ValueError, match="grid"):
        side_errors(a, b)


def test_regions_belong_to_their_muscle():
    values = np.array(sorted(LABEL_VALUES))
    whole = whole_muscles(values)
    assert [muscle_value(LABEL_VALUES[v].muscle, LABEL_VALUES[v].side) for v in values] == whole.tolist()


def test_sides_swapped_whole():
    truth = np.zeros((30, 30, 30), np.uint8)
    truth[2:12, 2:12, 2:12] = MAX_L
    truth[20:28, 2:12, 2:12] = MAX_R
    assert side_errors(volume(truth), volume(truth)) == ()
    swapped = side_errors(volume(truth[::-1]), volume(truth))
    assert {(e.muscle, e.side) for e in swapped} == {(Muscle.GLUTEUS_MAXIMUS, side) for side in Side}
    assert all(e.swapped and e.share == 1 for e in swapped)


def test_a_stray_piece_on_the_other_side_is_told_but_is_no_swap():
    truth = np.zeros((30, 30, 30), np.uint8)
    truth[2:12, 2:12, 2:12] = MAX_L
    truth[20:30, 2:12, 2:12] = MAX_R
    predicted = truth.copy()
    predicted[2:12, 2:12, 2:4] = MED_R
    predicted[20:22, 2:12, 2:12] = MED_R
    (error,) = side_errors(volume(predicted), volume(truth))
    assert (error.muscle, error.side) == (Muscle.GLUTEUS_MEDIUS, Side.RIGHT)
    assert error.share == pytest.approx(0.5)
    assert not error.swapped
