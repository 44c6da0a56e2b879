"""Slices between two that were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.review.between import filled_between

ROWS, COLUMNS = np.indices((80, 120))


def disc(row: float, column: float, radius: float, pixel_mm: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    return np.hypot((ROWS - row) * pixel_mm[1], (COLUMNS - column) * pixel_mm[0]) < radius


def test_a_cone_that_leans_stays_one() -> None:
    """Radius and middle change evenly; the discs at the ends do not touch in the plane."""
    found = filled_between({10: disc(40, 20, 16), 20: disc(40, 100, 8)}, (1.0, 1.0))
    assert sorted(found) == list(range(11, 20))
    for index, mask in found.items():
        share = (index - 10) / 10
        truth = disc(40, 20 + 80 * share, 16 - 8 * share)
        assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.93, index
        assert abs(mask.sum() / truth.sum() - 1) < 0.08, index


def test_pixels_that_are_not_square_count_in_mm() -> None:
    pixel_mm = (0.5, 2.0)
    drawn = {0: disc(20, 20, 5, pixel_mm), 2: disc(20, 20, 9, pixel_mm)}
    mask, truth = filled_between(drawn, pixel_mm)[1], disc(20, 20, 7, pixel_mm)
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.93


def test_only_between_neighbours_and_never_over_what_was_drawn() -> None:
    drawn = {3: disc(20, 20, 5), 6: disc(20, 20, 9), 7: disc(20, 20, 9), 9: disc(20, 20, 3)}
    assert sorted(filled_between(drawn, (1.0, 1.0))) == [4, 5, 8]
    drawn[7] = np.zeros_like(drawn[7])  # rubbed out there: nothing leads to it
    assert sorted(filled_between(drawn, (1.0, 1.0))) == [4, 5]


def test_the_same_outline_at_both_ends_stays_as_it_is_up_to_the_edge() -> None:
    full = np.ones(ROWS.shape, bool)
    assert filled_between({0: full, 2: full}, (1.0, 1.0))[1].all()
    half = COLUMNS < 60
    assert np.array_equal(filled_between({0: half, 3: half}, (1.0, 1.0))[2], half)


@pytest.mark.parametrize("slices", [(), (4,), (4, 5)])
def test_nothing_to_fill_is_told(slices: tuple[int, ...]) -> None:
    with pytest.raises(RefusedInput, match=Reason.BAD_DRAWING):
        filled_between(dict.fromkeys(slices, disc(20, 20, 5)), (1.0, 1.0))
