"""All tables and plots of a cohort."""

from __future__ import annotations

import pytest

from gluteal_grade_lab.validation.plots import bland_altman, interval_reliability
from gluteal_grade_lab.validation.tables import every_table, exact_interval, refusals, swaps
from tests.lab.validation.records import COHORT, cells, record


def test_everything_is_written_and_nothing_of_nothing(tmp_path):
    text = every_table(COHORT[:4])
    assert "### Fat fraction against truth, true labels" in text
    assert "auto labels" not in text
    for draw in (bland_altman, interval_reliability):
        path = draw(COHORT[:4], "true", tmp_path / "a.png")
        assert path is not None
        assert path.stat().st_size > 5000
        assert draw([], "true", tmp_path / "b.png") is None


def test_refusals_give_reasons_and_swaps_are_counted_apart():
    swapped, refused = record(1, swap="whole"), record(2)
    swapped["runs"][0] |= {"refusal": "water_fat_swap", "rows": []}
    refused["runs"][0]["rows"][0] |= {"ff": None, "reason": "too_little_evaluable"}
    text = refusals([swapped, refused], "true")
    assert cells(text, "Dixon", "plain")[2:] == ["0 of 1", "", "1 of 6", "too_little_evaluable 1"]
    assert cells(text, "Dixon", "swap")[2:4] == ["1 of 1", "water_fat_swap 1"]
    found = swaps([swapped, refused])
    assert "| whole | 1 | 1 |" in found
    assert "| none | 1 | 0 |" in found


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (400, 400, 0.9908, 1.0)])
def test_exact_interval_against_tables(hits: int, n: int, low: float, high: float) -> None:
    assert exact_interval(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_nothing_seen_tells_nothing() -> None:
    assert exact_interval(0, 0) == (0.0, 1.0)
