"""Heights of bones from the profiles of medius."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.report.landmarks import ABOVE_LOW_MM, BELOW_TOP_MM, ends_of, landmarks_mm
from gluteal_grade.vocabulary import Muscle, Side

MEDIUS = Muscle.GLUTEUS_MEDIUS
RAMP = np.array([0, 0, 10, 20, 30, 40, 80, 100, 60, 30, 20, 0], np.int64)


def test_ends_lie_where_the_section_is_a_quarter_of_the_largest():
    ends = ends_of(RAMP, 4.0)
    assert ends.low == pytest.approx(4 * 3.5)  # between 20 and 30
    assert ends.top == pytest.approx(4 * 9.5)


@given(factor=st.integers(1, 50), step=st.floats(0.5, 12))
def test_a_thinner_muscle_ends_at_the_same_height(factor, step):
    assert ends_of(RAMP * factor, step).low == pytest.approx(3.5 * step)
    assert ends_of(RAMP * factor, step).top == pytest.approx(9.5 * step)


def test_ends_that_the_picture_cuts_are_not_known():
    assert math.isnan(ends_of(RAMP[5:], 4.0).low)
    assert ends_of(RAMP[5:], 4.0).top == pytest.approx(4 * 4.5)
    assert math.isnan(ends_of(RAMP[:9], 4.0).top)


def test_a_speck_is_no_end():
    speck = RAMP.copy()
    speck[0] = 60
    assert ends_of(speck, 4.0).low == pytest.approx(4 * 3.5)


def test_landmarks_are_the_mean_of_both_sides():
    shifted = np.roll(RAMP, 1)
    found = landmarks_mm({(MEDIUS, Side.RIGHT): RAMP, (MEDIUS, Side.LEFT): shifted}, 4.0)
    assert found.keys() == ABOVE_LOW_MM.keys() | BELOW_TOP_MM.keys()
    for name, step in ABOVE_LOW_MM.items():
        assert found[name] == pytest.approx(4 * 4.0 + step)
    assert found["crest_third"] == pytest.approx(4 * 10.0 + BELOW_TOP_MM["crest_third"])
    cut = landmarks_mm({(MEDIUS, Side.RIGHT): RAMP[:10], (MEDIUS, Side.LEFT): np.append(0, RAMP[:9])}, 4.0)
    assert cut.keys() == ABOVE_LOW_MM.keys(), "the picture ends in both"


def test_a_remnant_of_the_other_side_has_no_say():
    remnant = np.roll(RAMP, -1) // 10
    assert landmarks_mm({(MEDIUS, Side.RIGHT): RAMP * 5, (MEDIUS, Side.LEFT): remnant + 0}, 4.0) == landmarks_mm(
        {(MEDIUS, Side.RIGHT): RAMP * 5}, 4.0
    )
    assert landmarks_mm({(Muscle.GLUTEUS_MAXIMUS, Side.RIGHT): RAMP}, 4.0) == {}
