"""Reports of a whole folder: the right prior, the numbers of `compare`, nothing written twice."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from PIL import Image

from gluteal_grade import cli
from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.lock import locked
from gluteal_grade.cohort.priors import prior_of, priors, renew_reports
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report.html import write as html_write
from gluteal_grade.report.html import write_report
from gluteal_grade.result.models import SCHEMA_VERSION, MuscleStatus, StudyResult
from gluteal_grade.vocabulary import Muscle, Region, Side
from tests.cohort.change.makers import muscle, refused_result, result, whole
from tests.report.html.reports import Read

MIN = (Muscle.GLUTEUS_MINIMUS, Side.LEFT)
NAN = math.nan


class Cohort:
    """An output folder with studies of patients."""

    def __init__(self, out: Path) -> None:
        self.out, self.rows = out, []

    def add(self, number: int, patient: str, days: float | str, made: float | StudyResult, folder: str = "") -> str:
        study = f"{number:012x}"
        one = made if isinstance(made, StudyResult) else result(whole({MIN: made}), study)
        one = one.model_copy(update={"study": study})
        place = self.out / (folder or study)
        name = "anat/{}_desc-glutei_result.json".format(folder.replace("/", "_")) if folder else "result.json"
        (place / name).parent.mkdir(parents=True)
        (place / name).write_text(one.to_json())
        self.rows.append({"study": study, "patient": patient, "days": days, "folder": folder or study})
        with (self.out / "studies.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, ["study", "patient", "days", "folder"])
            writer.writeheader()
            writer.writerows(self.rows)
        return study

    def report(self, study: str) -> Path:
        return self.out / study / "report.html"


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    (tmp_path / "out").mkdir()
    return Cohort(tmp_path / "out")


def test_the_prior_is_the_last_of_an_earlier_day(cohort: Cohort) -> None:
    third, first, second = cohort.add(3, "P1", 700, 0.3), cohort.add(1, "P1", 0, 0.1), cohort.add(2, "P1", 350, 0.2)
    same_day = cohort.add(4, "P1", 700, 0.31)
    cohort.add(5, "P2", 0, 0.5)
    nobody, undated = cohort.add(6, "", 10, 0.5), cohort.add(7, "P2", "", 0.6)
    refused = cohort.add(8, "P2", 50, refused_result(Reason.NO_IMAGES))
    found = priors(cohort.out)
    assert {study: (p.study, p.days) for study, p in found.items()} == {
        second: (first, 350),
        third: (second, 350),
        same_day: (second, 350),
    }
    assert not {nobody, undated, refused} & set(found)


def test_a_folder_that_knows_no_patients_has_no_priors(cohort: Cohort) -> None:
    assert priors(cohort.out) == {}


def test_numbers_are_those_of_compare() -> None:
    parts = [*whole({MIN: 0.1}), muscle(Muscle.GLUTEUS_MEDIUS, Side.LEFT, NAN)]
    before = result([m for m in parts if (m.muscle, m.side) != (Muscle.GLUTEUS_MEDIUS, Side.LEFT) or math.isnan(m.fat_fraction)], "a" * 12)
    doubt = [m.model_copy(update={"status": MuscleStatus.NEEDS_REVIEW}) if (m.muscle, m.side) == MIN else m for m in whole({MIN: 0.3})]
    now = result(doubt, "b" * 12, provenance={"config_hash": "d" * 12})
    told, made = prior_of(before, now, 10), compare_results(before, now, 10)
    assert (told.study, told.days, told.assumptions) == ("a" * 12, 10, made.assumptions)
    assert told.cautions == tuple(c.detail for c in made.cautions) != ()
    assert len(told.rows) == len(made.changes) == 6
    for row, change in zip(told.rows, made.changes, strict=True):
        numbers = [
            (row.fat_then, change.prior.fat_fraction),
            (row.fat_now, change.current.fat_fraction),
            (row.change_points, change.fat_change_points),
            (row.change_low, change.fat_change_low),
            (row.change_high, change.fat_change_high),
            (row.sdc_points, change.sdc_points),
            (row.volume_change_ml, change.volume_change_ml),
            (row.volume_change_percent, change.volume_change_percent),
        ]
        assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in numbers)
        assert (row.side, row.muscle, row.region, row.beyond, row.words) == (
            change.side,
            change.muscle,
            change.region,
            change.beyond_sdc,
            change.words,
        )
        assert row.cautions == ()  # of all rows, or told in words
    minimus = next(r for r in told.rows if (r.muscle, r.side, r.region) == (*MIN, Region.WHOLE))
    assert minimus.beyond
    assert [r.review for r in told.rows].count(True) == minimus.review == 1
    assert (minimus.grade_then, minimus.grade_now) == (0, 2)
    assert "current label needs review" in minimus.words
    medius = next(r for r in told.rows if (r.muscle, r.side) == (Muscle.GLUTEUS_MEDIUS, Side.LEFT))
    assert math.isnan(medius.change_points)
    assert medius.words.startswith("not compared")


def test_reports_are_made_once(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = cohort.add(1, "P1", 0, 0.1), cohort.add(2, "P1", 371, 0.3)
    refused = cohort.add(3, "P2", 0, refused_result(Reason.NO_IMAGES))
    bids = cohort.add(4, "P3", 0, 0.2, folder="sub-01/ses-2")
    assert renew_reports(cohort.out) == 4
    assert (cohort.out / "sub-01/ses-2/figures/sub-01_ses-2_report.html").is_file()
    assert bids in (cohort.out / "sub-01/ses-2/figures/sub-01_ses-2_report.html").read_text()
    said = Read(cohort.report(second).read_text()).ids["prior"]
    assert f"Against study {first}, 371 days (12 months) before" in said
    assert "Change from the prior" not in cohort.report(first).read_text()
    assert "Not graded" in cohort.report(refused).read_text()
    drawn = []
    monkeypatch.setattr(html_write, "report_text", lambda *a: drawn.append(a))
    assert renew_reports(cohort.out) == 0
    assert drawn == []  # nothing was even drawn
    assert not list(cohort.out.rglob("*.partial*"))


def test_what_changed_is_made_anew(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = cohort.add(1, "P1", 0, 0.1), cohort.add(2, "P1", 371, 0.3)
    other = cohort.add(3, "P2", 0, 0.2)
    assert renew_reports(cohort.out) == 3
    before = cohort.report(second).read_bytes()
    (cohort.out / first / "result.json").write_text(result(whole({MIN: 0.25}), first).to_json())
    assert renew_reports(cohort.out) == 2  # its own, and the one whose prior it is
    assert cohort.report(second).read_bytes() != before
    Image.new("RGB", (20, 20)).save(cohort.out / other / "overlay_summary.png")
    assert renew_reports(cohort.out) == 1
    fresh = cohort.report(other).read_bytes()
    (cohort.out / other / "result.json").write_text(result(whole({MIN: 0.4}), other).to_json())
    monkeypatch.setattr(html_write, "embedded", None)  # the picture is taken over
    assert renew_reports(cohort.out) == 1
    (cohort.out / other / "result.json").write_text(result(whole({MIN: 0.2}), other).to_json())
    assert renew_reports(cohort.out) == 1
    assert cohort.report(other).read_bytes() == fresh
    monkeypatch.undo()
    cohort.report(other).unlink()
    assert renew_reports(cohort.out, other) == 1
    assert renew_reports(cohort.out) == 0


def test_a_report_of_grade_is_the_same_as_that_of_the_batch(cohort: Cohort) -> None:
    study = cohort.add(1, "P1", 0, 0.1)
    one = result(whole({MIN: 0.1}), study)
    write_report(one, None, cohort.report(study))
    assert renew_reports(cohort.out) == 0


def test_a_result_of_another_schema_keeps_its_report(cohort: Cohort) -> None:
    study = cohort.add(1, "P1", 0, result([]).model_copy(update={"schema_version": "0.9"}))
    assert renew_reports(cohort.out) == 0
    assert not cohort.report(study).exists()


def test_refusals(cohort: Cohort) -> None:
    with pytest.raises(RefusedInput) as caught:
        renew_reports(cohort.out)
    assert caught.value.reason == Reason.NO_RESULTS
    study = cohort.add(1, "P1", 0, 0.1)
    with pytest.raises(RefusedInput) as caught:
        renew_reports(cohort.out, "f" * 12)
    assert caught.value.reason == Reason.STUDY_NOT_FOUND
    for broken in ("no json", "[]", json.dumps({"schema_version": SCHEMA_VERSION, "study": 5})):
        (cohort.out / study / "result.json").write_text(broken)
        with pytest.raises(RefusedInput) as caught:
            renew_reports(cohort.out)
        assert caught.value.reason == Reason.NOT_A_RESULT


def test_the_command(cohort: Cohort, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, first, second = str(cohort.out), cohort.add(1, "", "", 0.1), cohort.add(2, "", "", 0.3)
    assert cli.run(["report", out]) == 0
    assert "2 reports written" in capsys.readouterr().out
    plain = cohort.report(second).read_bytes()
    prior = str(cohort.out / first)
    assert cli.run(["report", out, "--study", second, "--prior", prior, "-q"]) == 0
    assert f"Against study {first}" in cohort.report(second).read_text()
    assert cli.run(["report", out, "-q"]) == 0
    assert cohort.report(second).read_bytes() == plain
    capsys.readouterr()
    wrong = {
        "several_studies": ["report", out, "--prior", prior],
        "study_twice": ["report", out, "--prior", prior, "--study", first],
        "study_not_found": ["report", out, "--study", "f" * 12],
        "no_results": ["report", str(tmp_path / "none")],
        "input_not_found": ["report", out, "--prior", str(tmp_path / "none"), "--study", second],
    }
    for reason, arguments in wrong.items():
        assert cli.run(arguments) == 2
        told = capsys.readouterr().err
        assert f"refused: {reason}" in told
        assert str(tmp_path) not in told
    assert not (tmp_path / "none").exists()
    with locked(cohort.out):
        assert cli.run(["report", out]) == 1
    assert "output_in_use" in capsys.readouterr().err
    assert cli.run(["report"]) == 64
