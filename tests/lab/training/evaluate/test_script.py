"""`scripts/evaluate.py` from end to end, with a segmenter that has seen the truth."""

import json

import pytest
import typer
from typer.testing import CliRunner

from gluteal_grade_lab.training.evaluate.workbench import Model
from scripts import evaluate


@pytest.fixture
def program(oracle, monkeypatch):
    monkeypatch.setattr(evaluate, "model_of", lambda *_: Model(lambda: oracle))
    app = typer.Typer()
    app.command()(evaluate.main)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_tables_draws_and_report(program, bodies, tmp_path):
    out = tmp_path / "out"
    common = ("--draws", 1, "--bodies", bodies, "--data", tmp_path, "--out", out)
    first = program("--only", "orientation", *common)
    assert first.exit_code == 0, first.output
    second = program("--only", "ct", "--only", "folds", *common)
    assert "ct left out" in second.output
    assert "folds left out" in second.output
    tables = (out / "tables.md").read_text()
    assert tables.startswith("## Axis order of the file")
    lines = [json.loads(line) for line in (out / "orientation.jsonl").read_text().splitlines()]
    assert len(lines) == 8
    assert all(len(line["rows"]) == 6 for line in lines)
    again = program("--only", "orientation", *common)
    assert again.exit_code == 0
    assert len((out / "orientation.jsonl").read_text().splitlines()) == 8


@pytest.mark.parametrize("wrong", [("--only", "everything"), ("--fold", "vhf"), ("--hip", "=x")])
def test_wrong_usage(program, wrong, tmp_path):
    assert program(*wrong, "--out", tmp_path).exit_code == 2
