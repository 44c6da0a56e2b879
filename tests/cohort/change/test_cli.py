"""`compare` as a user runs it: two gradings of a toy whose maximus got fatter; exit codes; refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import typer

from gluteal_grade import cli
from gluteal_grade.cli.compare import compare
from gluteal_grade.errors import Reason
from gluteal_grade.result.models import StudyResult
from gluteal_grade.vocabulary import Muscle, Side
from tests.cohort.change.makers import refused_result, result, whole
from tests.synthetic import dixon, make_toy

NO_PICTURES = Path(__file__).parents[1] / "no_pictures.yaml"
APP = typer.Typer()
APP.command()(compare)


def run(*arguments: object) -> int:
    try:
        return int(APP([str(a) for a in arguments], standalone_mode=False) or 0)
    except typer.BadParameter.__mro__[1] as error:  # as gluteal_grade.cli.run turns wrong usage into 64
        error.show()
        return 64


def folder(path: Path, made: StudyResult) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "result.json").write_text(made.to_json())
    return path


def graded(root: Path, maximus: float, seed: int) -> Path:
    """A toy with this much fat in maximus and 12 % elsewhere, measured anew: other noise in muscle and image."""
    toy = make_toy({(Muscle.GLUTEUS_MAXIMUS, side): maximus for side in Side}, seed=seed)
    for name, array in zip(("water", "fat"), dixon(toy, seed=10 * seed), strict=True):
        path = root / f"in/anat/sub-01_acq-{name}_MEGRE.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(array.astype(np.float32), toy.grid.affine), path)
    nib.save(nib.Nifti1Image(toy.labels.array, toy.grid.affine), root / "labels.nii.gz")
    given = ("--labels", str(root / "labels.nii.gz"), "--config", str(NO_PICTURES), "-q")
    assert cli.run(["grade", str(root / "in"), "-o", str(root / "out"), *given]) == 0
    (study,) = (root / "out").iterdir()
    return study


@pytest.mark.long
def test_the_change_is_found_and_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prior, current = graded(tmp_path / "a", 0.10, 3), graded(tmp_path / "b", 0.30, 7)
    assert run(prior, current / "result.json", "-o", tmp_path / "out", "--days", 700) == 0
    with (tmp_path / "out" / "compare.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {r["region"] for r in rows} > {"whole", "anterior", "posterior"}
    for r in rows:
        maximus = r["muscle"] == "gluteus_maximus"
        assert r["beyond_sdc"] == ("true" if maximus else "false")
        assert abs(float(r["fat_change_points"]) - (20 if maximus else 0)) < 0.5
        assert abs(float(r["volume_change_percent"])) < 0.01
        assert 0.1 < float(r["sdc_points"]) < 3
        assert (r["reason"], r["days"]) == ("", "700")
        assert r["cautions"] in ("", "different_program")  # a checkout may get a commit between the two
    assert len([r for r in rows if r["region"] == "whole"]) == 6
    printed = capsys.readouterr().out
    assert printed.count("more fat than before, beyond the stated measurement uncertainty") == 2
    assert printed.count("change within the stated measurement uncertainty") == 4
    assert "SDC is a lower bound" in printed


def test_without_out_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder(tmp_path / "here", result(whole({}))))
    assert run(".", folder(tmp_path / "b", result(whole({}), "b" * 12))) == 0
    assert [p.name for p in Path().iterdir()] == ["result.json"]
    assert "Wrote" not in capsys.readouterr().out
    assert run(".", tmp_path / "b", "-q") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("current", "reason"),
    [
        (result(whole({})), "study_twice"),
        (refused_result(Reason.NO_FAT_REFERENCE), "no_results: the current study was refused: no_fat_reference"),
        (None, "not_a_result"),
    ],
)
def test_refusals_end_with_2(tmp_path: Path, current: StudyResult | None, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    prior = folder(tmp_path / "Doe" / "a", result(whole({})))
    if current is None:
        (tmp_path / "Doe" / "b").mkdir()
    else:
        folder(tmp_path / "Doe" / "b", current)
    assert run(prior, tmp_path / "Doe" / "b", "-o", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert f"refused: {reason}" in printed.err
    assert "Doe" not in printed.err + printed.out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", [[], ["x"], ["x", "y", "--days", "-1"], ["x", "y", "--days", "1.5"], ["x", "y", "--nope"]])
def test_wrong_usage_ends_with_64(wrong: list[str]) -> None:
    assert run(*wrong) == 64
