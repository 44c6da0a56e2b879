"""Lines between regions: where two of them meet, and nowhere else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.report._regions import borders
from gluteal_grade.report.panel import Cut
from gluteal_grade.report.view import view_of
from tests.synthetic import make_toy


@given(split=st.integers(6, 20), top=st.integers(0, 5), height=st.integers(6, 12))
def test_a_straight_border_is_drawn_where_it_is(split, top, height):
    a, b = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    a[top : top + height, 2:split] = True
    b[top : top + height, split:26] = True
    (line,) = borders(a, b)
    assert np.allclose(line[:, 0], split, atol=1e-3)
    assert top <= line[:, 1].min() < top + 1
    assert top + height - 1 < line[:, 1].max() <= top + height


def test_masks_that_do_not_touch_have_no_border():
    a, b = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    a[2:8, 2:8] = True
    b[2:8, 20:26] = True
    assert borders(a, b) == []
    assert borders(a, np.zeros_like(a)) == []


def cut_of(labels: np.ndarray) -> Cut:
    grey = np.zeros(labels.shape, np.float32)
    return Cut(grey, labels, grey, view_of(make_toy(shape=(8, 8, 8), spacing=(40.0, 40.0, 40.0)).grid, 2))


def test_thirds_of_minimus_show_their_borders():
    """The middle one has the colour of the front and dashes to it; the back has a colour of its own."""
    labels = np.zeros((40, 40), np.uint8)
    labels[5:35, 5:12], labels[5:35, 12:20], labels[5:35, 20:28] = 231, 233, 232
    cut = cut_of(labels)
    ((colour, lines),) = cut.region_borders
    assert np.allclose([line[:, 0].mean() for line in lines], [12], atol=0.1)
    drawn = dict(cut.outlines)
    assert len(drawn) == 2
    assert colour in drawn


def test_regions_of_one_colour_get_dashes_and_those_of_two_get_none():
    labels = np.zeros((40, 40), np.uint8)
    labels[5:35, 5:12], labels[5:35, 12:20], labels[5:35, 20:28] = 121, 122, 123
    labels[5:35, 30:34], labels[5:35, 34:38] = 131, 132
    cut = cut_of(labels)
    places = sorted(float(line[:, 0].mean()) for _, lines in cut.region_borders for line in lines)
    assert np.allclose(places, [12, 20], atol=0.1)
    mirrored = sorted(float(line[:, 0].mean()) for _, lines in cut.mirrored().region_borders for line in lines)
    assert np.allclose(mirrored, [20, 28], atol=0.1)
