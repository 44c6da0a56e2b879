"""Errors in the tables are those that were put in."""

import copy

import pytest

from gluteal_grade_lab.validation.error_tables import automatic, beside_metal, errors
from tests.lab.validation.records import COHORT, cells, record


def test_errors_are_those_put_in():
    found = cells(errors(COHORT, "true"), "Dixon", "all")
    assert found[2] == "480 / 80"
    assert float(found[5]) == pytest.approx(2.0, rel=0.12)


def test_metal_table_counts_only_the_implants_side():
    metal = record(4, asked="chosen", metal="mars", alloy="titanium")
    for row in metal["runs"][0]["rows"][:3]:
        row |= {"metal": True, "method": "t1", "evaluable": 0.8}
    metal["runs"][0]["rows"][0] |= {"ff": None, "evaluable": 0.3}
    found = cells(beside_metal([metal], "true"), "mars", "titanium")
    assert found[2:4] == ["3", "2 t1"]
    assert found[-2:] == ["1", "0"]


def test_automatic_is_compared_on_the_same_muscles():
    both = copy.deepcopy(COHORT[:5])
    for one in both:
        auto = copy.deepcopy(one["runs"][0]) | {"labels": "auto"}
        for row in auto["rows"]:
            row["ff"] += 0.01
        one["runs"].append(auto)
    assert cells(automatic(both), "Dixon", "medius")[2:5] == ["10", "+1.00", "1.00"]
