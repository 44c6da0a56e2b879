import copy
import re

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.validation import ledger
from gluteal_grade.validation.calibration import calibrate
from gluteal_grade.validation.error_tables import automatic, beside_metal, errors
from gluteal_grade.validation.finding_tables import refusals, swaps
from gluteal_grade.validation.grade_tables import coverage, kappas, stated
from gluteal_grade.validation.plots import bland_altman, interval_reliability
from gluteal_grade.validation.refit import refitted
from gluteal_grade.validation.tables import every_table
from tests.validation.records import SCALES, record

COHORT = [record(seed) for seed in range(80)]


def cells(table: str, first: str, second: str) -> list[str]:
    line = next(x for x in table.splitlines() if x.startswith(f"| {first} | {second} |"))
    return [c.strip() for c in line.strip("|").split("|")]


def test_errors_are_those_put_in():
    found = cells(errors(COHORT, "true"), "Dixon", "all")
    assert found[2] == "480 / 80"
    assert float(found[5]) == pytest.approx(2.0, rel=0.12)


def test_intervals_of_the_right_width_hold_95_percent_and_narrow_ones_fewer():
    held = float(cells(coverage(COHORT, "true"), "Dixon", "all")[3].rstrip("%"))
    assert held == pytest.approx(95, abs=3)
    narrow = [record(seed, truth_sd=2.0) for seed in range(80)]
    assert float(cells(coverage(narrow, "true"), "Dixon", "all")[3].rstrip("%")) < 80


@pytest.mark.parametrize("truth_sd", [0.5, 2.0])
def test_calibration_finds_the_width(truth_sd):
    found = calibrate([record(seed, truth_sd=truth_sd) for seed in range(60)], "true", ("dixon", "t1"))
    assert set(found) == {"labels", "dixon"}
    own = found["dixon"]
    sd = np.hypot(own["spread"] * 0.02, own["offset"])  # what is wide enough, by whichever factor
    assert np.hypot(sd, 0.45 * own["gain"]) == pytest.approx(truth_sd * 0.02, rel=0.2)
    assert own["hold"] >= 0.95
    assert own["muscles"] == 360


def test_refitted_with_the_same_factors_is_the_same_and_twice_the_factor_twice_as_wide():
    settings = load_settings().uncertainty
    model = {name: m.model_copy(update={"spread": 1.0, "offset": 0.0, "gain": 0.0}) for name, m in settings.methods.items()}
    plain_ = settings.model_copy(update={"methods": model})
    twice = {name: m.model_copy(update={"spread": 2.0}) for name, m in model.items()}
    one = COHORT[0] | {"factors": plain_.model_dump()}
    same = refitted([one], plain_, SCALES)[0]["runs"][0]["rows"]
    wide = refitted([one], plain_.model_copy(update={"methods": twice}), SCALES)[0]["runs"][0]["rows"]
    for before, again, after in zip(one["runs"][0]["rows"], same, wide, strict=True):
        assert again["low"] == pytest.approx(before["low"])
        assert again["grades"]["quartile"]["p"] == pytest.approx(before["grades"]["quartile"]["p"])
        assert after["parts"]["map"] == pytest.approx((0.04, 0.04))


def test_calibration_wants_enough():
    with pytest.raises(ValueError, match="muscles"):
        calibrate(COHORT[:3], "true", ("dixon",))


def test_kappa_of_an_exact_cohort_is_one():
    exact = [record(seed, truth_sd=0.0) for seed in range(6)]
    assert cells(kappas(exact, "true"), "Dixon", "quartile")[3].startswith("1.000 (1.000")
    assert not kappas([record(1, fat="wide")], "true"), "prevalence as in patients only"


def test_stated_probabilities_come_true():
    bins = re.findall(r"([\d.]+) → ([\d.]+) \((\d+)\)", stated(COHORT, "true"))
    assert len(bins) >= 3
    for p, share, n in bins:
        assert abs(float(p) - float(share)) < 3 * np.sqrt(0.25 / int(n)) + 0.02


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


def test_ledger_skips_a_line_cut_short_and_adds_after_it(tmp_path):
    path = tmp_path / "deep" / "records.jsonl"
    ledger.append(path, COHORT[1])
    with path.open("a") as stream:
        stream.write('{"seed": 7, "des')
    ledger.append(path, COHORT[0])
    assert [r["seed"] for r in ledger.read(path)] == [0, 1]
    assert ledger.read(tmp_path / "none.jsonl") == []


def test_everything_is_written_and_nothing_of_nothing(tmp_path):
    text = every_table(COHORT[:4])
    assert "### Fat fraction against truth, true labels" in text
    assert "auto labels" not in text
    for draw in (bland_altman, interval_reliability):
        path = draw(COHORT[:4], "true", tmp_path / "a.png")
        assert path is not None
        assert path.stat().st_size > 5000
        assert draw([], "true", tmp_path / "b.png") is None
