"""Drawn slices put into the labels they were drawn on."""

from __future__ import annotations

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.report import view_of
from gluteal_grade.review.drawing import Present, with_slices
from gluteal_grade.segmentation import GIVEN

SHAPE = (14, 12, 10)  # right, anterior, superior
FRONT, MIDDLE, BACK = 121, 122, 123  # of the right medius
RIGHT_MEDIUS, RIGHT_MAXIMUS, UPPER, LOWER = 120, 110, 111, 112


def present(slice_axis: int = 2, **regions: str) -> Present:
    """Right medius in three parts, right maximus in two behind it."""
    array = np.zeros(SHAPE, np.uint8)
    array[4:9, 6:8, 2:8], array[4:9, 8:10, 2:8], array[4:9, 10:12, 2:8] = BACK, MIDDLE, FRONT
    array[4:9, 1:4, 2:5], array[4:9, 1:4, 5:8] = LOWER, UPPER
    labels = Volume(array, np.diag([2.0, 2.0, 5.0, 1.0]))
    named = {f"right gluteus_{name}": words for name, words in regions.items()}
    return Present(labels, view_of(labels.grid, slice_axis), named, "0" * 64)


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_a_pixel_of_the_picture_is_that_voxel_of_the_labels(slice_axis: int) -> None:
    base = present(slice_axis, medius=GIVEN, maximus=GIVEN)
    index, place = 6, [6, 5, 6]
    where = np.zeros(SHAPE, bool)
    place[slice_axis] = index
    where[tuple(place)] = True
    picture = base.picture(index)
    picture[base.view.picture(where, index)] = 130
    found = with_slices(base, {index: picture}).array
    assert found[tuple(place)] == 130
    found[tuple(place)] = base.labels.array[tuple(place)]
    assert np.array_equal(found, base.labels.array)  # nothing else, regions included


def test_regions_by_rule_are_left_to_the_rule_and_drawn_ones_go_to_the_nearest() -> None:
    base = present(medius="by rule: angle", maximus=GIVEN)
    picture = base.picture(3)
    rows, columns = np.nonzero(picture == RIGHT_MAXIMUS)
    picture[rows.max() + 1, columns] = RIGHT_MAXIMUS  # a row more behind it
    found = with_slices(base, {3: picture}).array
    assert set(np.unique(found)) == {0, RIGHT_MEDIUS, LOWER, UPPER}
    assert np.array_equal(found == RIGHT_MEDIUS, np.isin(base.labels.array, (FRONT, MIDDLE, BACK)))
    assert (found == LOWER).sum() == (base.labels.array == LOWER).sum() + len(np.unique(columns))
    assert (found == UPPER).sum() == (base.labels.array == UPPER).sum()


def test_a_muscle_can_be_rubbed_out_and_drawn_anew_whose_regions_were_given() -> None:
    base = present(maximus=GIVEN)
    slices = {}
    for index in range(SHAPE[2]):
        slices[index] = base.picture(index)
        slices[index][slices[index] == RIGHT_MAXIMUS] = 0
    slices[0][:2] = RIGHT_MAXIMUS
    found = with_slices(base, slices).array
    assert set(np.unique(found)) == {0, RIGHT_MAXIMUS, RIGHT_MEDIUS}  # there is no region left that it could belong to


def test_no_change_is_no_correction() -> None:
    base = present(medius="by rule: angle")
    with pytest.raises(RefusedInput, match=Reason.BAD_DRAWING):
        with_slices(base, {n: base.picture(n) for n in range(SHAPE[2])})
