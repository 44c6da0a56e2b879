"""A grading scale of a lab's own, six grades, laid over the shipped ones: it is in every output, and nothing else was told of it."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import highdicom as hd
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from rich.console import Console

import gluteal_grade.grading.scales as grading
from gluteal_grade.cli import run
from gluteal_grade.cohort.stats import StatsOptions, compute_statistics
from gluteal_grade.cohort.stats.methods import methods_text
from gluteal_grade.cohort.summary import summarise
from gluteal_grade.config import shipped
from gluteal_grade.errors import RefusedInput
from gluteal_grade.report.dicom.write import SR
from gluteal_grade.report.layout import DICOM
from gluteal_grade.report.tables import print_result
from gluteal_grade.result.models import StudyResult
from gluteal_grade.result.scales import scales_of
from gluteal_grade.review.agreement.ratings_csv import read_ratings
from gluteal_grade.review.model import Decision, Item, Key, Session
from gluteal_grade.review.store import Store
from gluteal_grade.review.web.form import muscle_rows
from gluteal_grade.review.web.keys import scale_letters, study_keys
from tests.report.dicom.scanner import scan, small_toy

KEY, TITLE = "made_up", "Made & Up"
HIGHEST = 5
SCALE = {
    "title": TITLE,
    "profile": "ours",
    "profiles": {
        "ours": {
            "measure": "fat_fraction",
            "source": "nobody",
            "edges": [{"at": at, "on_edge": "upper"} for at in (0.02, 0.05, 0.3, 0.5, 0.9)],
        }
    },
}


@pytest.fixture(scope="module")
def scales_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("scales") / "own.yaml"
    content = yaml.safe_load(shipped("configs", "grading.yaml").read_text())
    content["scales"][KEY] = SCALE
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def out(tmp_path_factory, scales_file: Path) -> Path:
    """The output of one DICOM study, with a cohort's tables and pages."""
    folder, toy = tmp_path_factory.mktemp("graded"), small_toy()
    scan(folder / "in", "siemens", toy)
    nib.save(nib.Nifti1Image(toy.labels.array.astype(np.uint8), toy.labels.grid.affine), folder / "labels.nii.gz")
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"grading": {"file": str(scales_file)}, "report": {"pictures": "none"}}))
    labels = ["--labels", folder / "labels.nii.gz"]
    assert run([str(a) for a in ("grade", folder / "in", "-o", folder / "out", *labels, "--config", config, "--dicom", "-q")]) in (0, 3)
    summarise(folder / "out", pictures=False)
    return folder / "out"


@pytest.fixture(scope="module")
def study(out: Path) -> Path:
    (path,) = out.glob("*/result.json")
    return path.parent


@pytest.fixture(scope="module")
def result(study: Path) -> StudyResult:
    return StudyResult.model_validate_json((study / "result.json").read_bytes())


def expected(fat: float) -> int:
    return sum(fat >= at for at in (0.02, 0.05, 0.3, 0.5, 0.9))


def test_the_result_holds_it(result: StudyResult) -> None:
    assert [(s.key, s.title, s.highest, s.primary) for s in scales_of(result)][-1] == (KEY, TITLE, HIGHEST, False)
    assert all(m.grade(KEY) == expected(m.fat_fraction) for m in result.muscles)
    assert {len(m.graded(KEY).probabilities) for m in result.muscles} == {HIGHEST + 1}


def test_the_table_has_its_columns_beside_the_others(study: Path, result: StudyResult) -> None:
    with (study / "muscles.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    header = list(rows[0])
    assert header[header.index("bal_lowe") + 1] == KEY
    assert header[header.index("bal_lowe_probability") + 1] == f"{KEY}_probability"
    assert [row[KEY] for row in rows] == [str(m.grade(KEY)) for m in result.muscles]
    assert all(0 < float(row[f"{KEY}_probability"]) <= 1 for row in rows)


def test_the_report_and_the_console_name_it(study: Path, result: StudyResult) -> None:
    report = (study / "report.html").read_text()
    assert f'<th scope="colgroup" colspan="2" class="first">{TITLE.replace("&", "&amp;")}</th>' in report
    console = Console(width=130, record=True, file=StringIO())
    print_result(result, console)
    assert TITLE in console.export_text()


def test_the_dicom_report_codes_it(study: Path) -> None:
    content = hd.sr.srread(study / DICOM / SR).content
    told = {
        (evaluation.name.value, evaluation.name.meaning, evaluation.value.value)
        for group in content.get_volumetric_roi_measurement_groups()
        for evaluation in group.get_qualitative_evaluations()
    }
    assert any(name == "MADE_UP" and meaning == "Made and Up grade" and value.startswith("MADE_UP_") for name, meaning, value in told)


def test_the_review_form_asks_for_it_and_the_store_takes_it(result: StudyResult, tmp_path: Path) -> None:
    cell = muscle_rows(result, Session("anna"))[0].cells[0]
    (choice,) = [scale for scale in cell.scales if scale.name == KEY]
    assert (choice.title, choice.grades[-2:]) == (TITLE, (str(HIGHEST), "not_assessable"))
    letters = scale_letters(scales_of(result))
    assert list(letters.values())[:3] == ["q", "g", "b"]
    assert len(set(letters.values())) == 4
    assert ("0 – 5", "grade; the same again takes it back") in study_keys(Session("anna"), scales_of(result))["Grades"]
    store = Store(tmp_path)
    key = Key(Item.GRADE, "gluteus_medius", "left", KEY)
    decision = Decision("00000000-0000-0000-0000-000000000001", result.study, key, str(HIGHEST))
    assert store.add(Session("anna"), [decision], "0" * 16, scales_of(result)) == 1
    with pytest.raises(RefusedInput):
        store.add(Session("anna"), [decision], "0" * 16)  # a study that was not graded on it


def test_the_cohort_has_it_in_every_table_and_page(out: Path, result: StudyResult) -> None:
    table = pd.read_csv(out / "cohort.csv")
    assert table[KEY].tolist() == [m.grade(KEY) for m in result.muscles]
    assert pd.read_parquet(out / "cohort.parquet")[KEY].dtype.kind in "if"
    told = json.loads((out / "cohort.json").read_text())
    assert list(told) == list(table.columns)
    assert told[KEY]["Description"].startswith("Made and Up grade, 0 to 5")
    assert f'colspan="{HIGHEST + 1}">{TITLE.replace("&", "&amp;")}</th>' in (out / "index.html").read_text()


def test_statistics_compare_it(out: Path) -> None:
    report = compute_statistics(out, StatsOptions())
    assert {c.unit for c in report.comparisons if c.outcome == KEY} == {"grade"}
    assert f"{TITLE} grades follow" in methods_text(report)


def test_in_the_shipped_file_agreement_knows_it_too(scales_file: Path, tmp_path: Path, monkeypatch) -> None:
    ratings = tmp_path / "ratings.csv"

    def given(grade: int) -> Path:
        ratings.write_text(f"reader,read,study,muscle,side,scale,grade\nA,1,s,,,{KEY},1\nB,1,s,,,{KEY},{grade}\n")
        return ratings

    (unknown,) = read_ratings(given(4)).scales
    assert unknown.scale.note
    monkeypatch.setattr(grading, "shipped", lambda *parts: scales_file if parts[-1] == "grading.yaml" else shipped(*parts))
    (scale,) = read_ratings(given(4)).scales
    assert (scale.scale.title, scale.scale.categories, scale.scale.note) == (TITLE, tuple("012345"), "")
    with pytest.raises(RefusedInput, match="from 0 to 5"):
        read_ratings(given(6))
