"""`gluteal-grade calibrate`: from a ratings file to a profile that grades a real study."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.cli import run
from gluteal_grade.grading import load_scales
from tests.report.dicom.scanner import scan, small_toy
from tests.review.calibration.readers import cohort_file, lines, ratings_file, reading


def test_from_ratings_to_grades(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Readers who draw each Quartile edge 8 points higher: what was grade 2 by the shipped edges is grade 1 by theirs."""
    one = reading(offset=0.08)
    ratings, cohort = ratings_file(tmp_path / "r.csv", lines(one, program=False)), cohort_file(tmp_path / "cohort", one)
    (tmp_path / "decisions.csv").write_text("reader,item,seen\nA,grade,0\nB,grade,1\nB,quality,1\n")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    out = tmp_path / "out"
    assert run(["calibrate", str(ratings), "--cohort", str(cohort), "-o", str(out), "--name", "ours", "--bootstrap", "200"]) == 0
    told, cautions = capsys.readouterr()
    assert cautions == "Caution: 1 of 2 grades were given with the program's in sight (decisions.csv): calibrate on blinded reads only.\n"
    assert "Quartile, % fat: 0|1 1" in told
    assert "Bar met: " in told
    assert f"--config {out / 'settings.yaml'}" in told
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and out not in p.parents} == before  # only OUT was written to
    assert "Caution: 1 of 2 grades were given with the program's in sight" in (out / "calibration.html").read_text().replace(
        "&#39;", "'"
    ).replace("</strong>", "")
    with (out / "edges.csv").open() as stream:
        edges = [float(r["at"]) for r in csv.DictReader(stream) if r["reader"] == "all"]
    assert edges == pytest.approx([0.18, 0.33, 0.58, 0.83], abs=0.04)

    study, toy = tmp_path / "study", small_toy()
    scan(study, "siemens", toy)
    nib.save(nib.Nifti1Image(toy.labels.array.astype(np.uint8), toy.labels.grid.affine), tmp_path / "labels.nii.gz")
    labels = ["--labels", str(tmp_path / "labels.nii.gz"), "-q"]
    settings = out / "settings.yaml"
    settings.write_text(settings.read_text() + "report: {pictures: none}\n")
    assert run(["grade", str(study), "-o", str(tmp_path / "ours"), *labels, "--config", str(settings)]) in (0, 3)
    shipped = load_scales().scales["quartile"].active
    changed = 0
    for fat, grade, profile in muscles(tmp_path / "ours"):
        assert profile == "ours"
        assert grade == sum(fat > round(at, 4) for at in edges)
        changed += grade != shipped.grade(fat)
    assert changed >= 4


def muscles(out: Path) -> list[tuple[float, int, str]]:
    """Fraction, Quartile and its profile of each part that was graded."""
    (path,) = out.glob("*/result.json")
    found = []
    for m in json.loads(path.read_text())["muscles"]:
        (grade,) = (g for g in m["grades"] if g["scale"] == "quartile")
        if grade["grade"] is not None:
            found.append((m[grade["measure"]], grade["grade"], grade["profile"]))
    return found


def test_where_it_cannot_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = reading(12)
    rows = [*lines(one), "A,1,s0000,gluteus_medius,left,mine,1", "B,1,s0000,gluteus_medius,left,mine,2"]
    assert run(["calibrate", str(ratings_file(tmp_path / "r.csv", rows)), "-o", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert "Quartile: no edges: too_few_studies: 12 studies of a reader; 20 are needed, 60 advised" in told.err
    assert "Mine: no edges: scale_unknown: there are quartile, goutallier, bal_lowe" in told.err
    assert "s0000" not in told.err + told.out
    assert not (tmp_path / "out" / "grading.yaml").exists()
    assert (tmp_path / "out" / "edges.csv").exists()


def test_one_reader_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for row in lines(reading(), program=False) if row.startswith("A,")]
    ratings, cohort = ratings_file(tmp_path / "r.csv", rows), cohort_file(tmp_path / "cohort", reading())
    assert run(["calibrate", str(ratings), "--cohort", str(cohort), "-o", str(tmp_path / "out")]) == 2
    assert "one_reader" in capsys.readouterr().err


@pytest.mark.parametrize("rows", [["A,1,Jane Doe,gluteus_medius,left,quartile,7"], ["A,1,x,gluteus_medius,left,quartile,1,"], []])
def test_ratings_that_are_none(tmp_path: Path, rows: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["calibrate", str(ratings_file(tmp_path / "r.csv", rows)), "-o", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert told.startswith("refused: bad_ratings: ")
    assert "Jane" not in told
    assert not (tmp_path / "out").exists()


def test_only_scales_that_are_not_of_fat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{reader},1,x,gluteus_medius,left,quality,good" for reader in "AB"]
    assert run(["calibrate", str(ratings_file(tmp_path / "r.csv", rows)), "-o", str(tmp_path / "out")]) == 2
    assert "no ordered scale of fat was rated" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--bootstrap", "10"], ["--name", "Our Profile"], ["--name", "literal"], ["--include", "all"], ["--config", "absent.yaml"]],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str]) -> None:
    assert run(["calibrate", "r.csv", "-o", str(tmp_path), *arguments]) == 64


def test_a_folder_without_results_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratings = ratings_file(tmp_path / "r.csv", lines(reading(), program=False))
    assert run(["calibrate", str(ratings), "--cohort", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("refused: no_results: ")
