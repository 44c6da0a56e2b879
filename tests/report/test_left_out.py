"""What was left out is drawn where it is, and has its slice and its place in the legend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.geometry import Volume
from gluteal_grade.report.levels import Level, choose_levels, with_left_out
from gluteal_grade.report.panel import zone_stripes
from gluteal_grade.vocabulary import LABEL_VALUES


@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 10**6))
def test_stripes_lie_inside_the_mask(rows: int, columns: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((rows, columns)) < 0.5
    width, height = 9 * columns, 7 * rows
    length = 0
    for (x0, y0), (x1, y1) in zone_stripes(mask, width, height):
        for t in np.arange(y0, y1):
            assert mask[int(t) * rows // height, int(x0 + t - y0) * columns // width]
        assert x1 - x0 == y1 - y0 > 0
        length += y1 - y0
    # one pixel in fourteen of each row is on a stripe
    assert length == pytest.approx(mask.mean() * width * height / 14, rel=0.35, abs=12)


def labelled() -> Volume:
    array = np.zeros((20, 20, 40), np.uint8)
    array[4:12, 4:12, 4:36] = next(iter(LABEL_VALUES))
    return Volume(array, np.diag([3.0, 3.0, 5.0, 1.0]))


def test_the_slice_with_most_left_out_is_added_in_order() -> None:
    labels = labelled()
    levels = choose_levels(labels, 2)
    assert with_left_out(levels, labels, None, 2) == levels
    far = np.zeros(labels.shape, bool)
    far[15:, 15:] = True
    assert with_left_out(levels, labels, labels.with_array(far), 2) == levels, "nothing of a muscle"
    zone = np.zeros(labels.shape, bool)
    zone[6:9, 6:9, 5:7] = True
    more = with_left_out((Level(30, "a", "A"), Level(20, "b", "B")), labels, labels.with_array(zone), 2)
    assert [level.index for level in more] == [30, 20, 5]
    assert with_left_out((Level(5, "a", "A"),), labels, labels.with_array(zone), 2) == (Level(5, "a", "A"),)
