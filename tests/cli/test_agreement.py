"""`gluteal-grade agreement`: files, words, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gluteal_grade.cli import run
from tests.review.agreement.tables import HEADER, reading, written


def test_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratings = written(tmp_path / "r.csv", [*reading(5), "A,1,z,gluteus_medius,left,quartile,not_assessable"])
    assert run(["agreement", str(ratings), "-o", str(tmp_path / "out"), "--bootstrap", "200"]) == 0
    told = capsys.readouterr().out
    assert "of 6 studies; 0 without a grade, 1 not assessable." in told
    assert "Wrote agreement.csv, agreement.html and 5 figures" in told
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "r.csv"]


def test_refused_without_a_file_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratings = written(tmp_path / "r.csv", ["A,1,Jane Doe,gluteus_medius,left,quartile,7"])
    assert run(["agreement", str(ratings), "-o", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert told.startswith("refused: bad_ratings: line 2: ")
    assert HEADER in told
    assert "Jane" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["--bootstrap", "10"], ["--bootstrap", "many"], ["--seed"]])
def test_wrong_usage(tmp_path: Path, arguments: list[str]) -> None:
    assert run(["agreement", "r.csv", "-o", str(tmp_path), *arguments]) == 64
