"""Ledger and runner: what is measured is not measured again, and a kill costs one draw at most."""

import json
import math
from dataclasses import dataclass

import pytest

from gluteal_grade_lab.training.evaluate.ledger import Ledger
from gluteal_grade_lab.training.evaluate.runner import Table, finished, run
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Model, Setup, _code


@dataclass(frozen=True)
class Number:
    value: int
    model: str = SHIPPED

    @property
    def key(self):
        return f"number {self.value} {self.model}"


def squared(item, bench):
    return [{"draw": item.key, "square": item.value**2, "models": len(bench.setup.models)}]


def table(measure=squared):
    return Table("squares", "Squares", lambda draws: [Number(n) for n in range(draws)], measure, lambda rows: f"{len(rows)} rows")


def setup_for(tmp_path, content=b"weights"):
    weights = tmp_path / "model.pt"
    weights.write_bytes(content)
    return Setup({SHIPPED: Model(dict, (weights,))}, tmp_path, tmp_path)


def counting(seen):
    def measure(item, bench):
        seen.append(item.value)
        return squared(item, bench)

    return measure


def test_a_second_run_measures_only_what_is_missing(tmp_path):
    setup, seen = setup_for(tmp_path), []
    run(table(counting(seen)), 3, setup, tmp_path)
    outcome = run(table(counting(seen)), 5, setup, tmp_path)
    assert seen == [0, 1, 2, 3, 4]
    assert [row["square"] for row in outcome.rows] == [0, 1, 4, 9, 16]
    assert outcome.markdown() == "## Squares\n\n5 rows\n"


def test_a_killed_run_goes_on(tmp_path):
    setup = setup_for(tmp_path)
    run(table(), 3, setup, tmp_path)
    ledger = tmp_path / "squares.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-7])
    seen = []
    assert len(finished(table(), 3, setup, tmp_path).rows) == 2
    outcome = run(table(counting(seen)), 3, setup, tmp_path)
    assert seen == [2]
    assert [row["square"] for row in outcome.rows] == [0, 1, 4]


def test_other_weights_or_settings_are_measured_anew(tmp_path):
    seen = []
    run(table(counting(seen)), 2, setup_for(tmp_path), tmp_path)
    setup = setup_for(tmp_path)
    changed = Setup({SHIPPED: Model(dict, setup.models[SHIPPED].weights, "other threshold")}, tmp_path, tmp_path)
    run(table(counting(seen)), 2, changed, tmp_path)
    assert seen == [0, 1, 0, 1]
    assert len((tmp_path / "squares.jsonl").read_text().splitlines()) == 4


def test_the_code_that_draws_and_labels_counts():
    names = {f"{path.parent.name}/{path.stem}" for path in _code()}
    assert {"training/synth", "training/signal", "segmentation/bundle", "segmentation/locate"} <= names
    assert not {"training/train", "training/labelled"} & names


@pytest.mark.long
def test_processes_give_the_same_rows(tmp_path):
    one = run(table(), 4, setup_for(tmp_path), tmp_path / "one")
    told = []
    two = run(table(), 4, setup_for(tmp_path), tmp_path / "two", jobs=2, tell=told.append)
    assert one.rows == two.rows
    assert len(told) == 4


def test_every_line_is_plain_json(tmp_path):
    ledger = Ledger(tmp_path / "deep" / "a.jsonl")
    ledger.append("k", "s", [{"dice": math.nan, "hd95_mm": math.inf, "side": "left"}], 1.23456)

    def refuse(name):
        raise AssertionError(name)

    (line,) = (tmp_path / "deep" / "a.jsonl").read_text().splitlines()
    assert json.loads(line, parse_constant=refuse)["rows"] == [{"dice": None, "hd95_mm": None, "side": "left"}]
    again = Ledger(tmp_path / "deep" / "a.jsonl")
    assert again.rows("k", "s") == [{"dice": None, "hd95_mm": None, "side": "left"}]
    assert again.rows("k", "other") is None


def test_a_missing_body_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nobody"):
        setup_for(tmp_path).signature(body="nobody")
