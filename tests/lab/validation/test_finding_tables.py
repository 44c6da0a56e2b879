"""Refusals and swaps are counted."""

from gluteal_grade_lab.validation.finding_tables import refusals, swaps
from tests.lab.validation.records import cells, record


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
