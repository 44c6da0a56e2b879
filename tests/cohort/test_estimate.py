"""How long a batch still takes."""

from __future__ import annotations

import pytest

from gluteal_grade.cohort.estimate import Estimate


def estimate(sizes: list[int], ended: list[float | None], passed_s: float) -> float | None:
    """Entries 0, 1, ... of these sizes, of which the first ones took so many seconds."""
    found = Estimate({str(n): size for n, size in enumerate(sizes)})
    for n, seconds in enumerate(ended):
        found.ended(str(n), seconds)
    return found.seconds_left(passed_s)


def test_without_anything_graded_nothing_is_known() -> None:
    assert estimate([1, 1], [], 0.0) is None
    assert estimate([1, 1], [None], 5.0) is None


def test_one_entry_stands_for_all() -> None:
    assert estimate([5, 5, 5], [4.0], 4.0) == pytest.approx(8.0)


def test_two_at_a_time_take_half_as_long() -> None:
    assert estimate([5] * 6, [4.0, 4.0], 4.0) == pytest.approx(8.0)


def test_large_ones_at_the_end_are_counted_as_large() -> None:
    """2 s and 1 s a byte; by count it would be 11 s."""
    assert estimate([1, 2, 3, 100, 200], [3.0, 4.0, 5.0], 12.0) == pytest.approx(304.0)


def test_small_ones_that_take_longer_do_not_make_large_ones_negative() -> None:
    assert estimate([1, 2, 3, 1000], [6.0, 4.0, 2.0], 12.0) == pytest.approx(4.0)


def test_without_a_constant_part_time_goes_with_the_bytes() -> None:
    left = estimate([10, 20, 30, 60], [1.0, 4.0, 9.0], 14.0)
    assert left == pytest.approx(14.0)


def test_what_was_taken_over_tells_nothing_of_the_rest() -> None:
    assert estimate([5, 5, 5, 5], [None, None, 4.0], 4.0) == pytest.approx(4.0)
    assert estimate([5], [4.0], 4.0) == 0.0
