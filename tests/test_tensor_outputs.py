"""Tensor fasciae latae in every output of a study and of a cohort, and back in again as a DICOM Segmentation."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import highdicom as hd
import nibabel as nib
import numpy as np
import pytest
import yaml
from pydicom import dcmread

from gluteal_grade.cli import run
from gluteal_grade.cohort.summary import summarise
from gluteal_grade.report import Place
from gluteal_grade.report.dicom.write import SEG, SR
from gluteal_grade.report.layout import DICOM
from gluteal_grade.review.listed import listed_of
from gluteal_grade.vocabulary import Muscle
from tests.report.dicom.scanner import scan, small_toy

TENSOR = Muscle.TENSOR_FASCIAE_LATAE


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, toy = tmp_path_factory.mktemp("tensor"), small_toy()
    scan(folder / "in", "siemens", toy)
    labels = toy.labels.array.copy()
    x, y, z = np.moveaxis(toy.grid.to_world(np.moveaxis(np.indices(labels.shape), 0, -1)), -1, 0)
    for value, side in ((140, 1), (240, -1)):
        labels[(np.hypot(np.hypot((x - 85 * side) / 12, (y - 52) / 12), z / 40) < 1) & (labels == 0)] = value
    nib.save(nib.Nifti1Image(labels.astype(np.uint8), toy.labels.grid.affine), folder / "labels.nii.gz")
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"report": {"fhir": True}}))
    given = ["--labels", folder / "labels.nii.gz", "--config", config]
    assert run([str(a) for a in ("grade", folder / "in", "-o", folder / "out", *given, "--dicom", "-q")]) in (0, 3)
    summarise(folder / "out", pictures=False)
    return folder / "out"


@pytest.fixture(scope="module")
def study(out: Path) -> Path:
    (path,) = out.glob("*/result.json")
    return path.parent


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_tables_of_study_and_cohort_have_both_sides(out: Path, study: Path) -> None:
    for table in (study / "muscles.csv", out / "cohort.csv"):
        mine = [row for row in rows(table) if row["muscle"] == TENSOR]
        assert [row["side"] for row in mine] == ["right", "left"]
        assert all(float(row["volume_ml"]) > 10 and 0 < float(row["fat_fraction"]) < 0.2 for row in mine)
        assert [row["region"] for row in mine] == ["whole", "whole"]
    assert {row["muscle"] for row in rows(study / "slices.csv")} == set(Muscle)
    levels = json.loads((out / "cohort.json").read_text())["muscle"]["Levels"]
    assert levels[TENSOR] == "tensor fasciae latae"


def test_the_report_tells_it_and_its_contour_has_a_colour(study: Path) -> None:
    text = (study / "report.html").read_text()
    assert "Tensor fasciae latae" in text
    assert (study / "overlay_summary.png").stat().st_size > 0


def test_segmentation_and_report_name_it_by_the_code_of_dicom(study: Path) -> None:
    seg = dcmread(study / DICOM / SEG)
    mine = [s for s in seg.SegmentSequence if "tensor" in s.SegmentLabel]
    assert [s.SegmentLabel for s in mine] == ["right tensor fasciae latae", "left tensor fasciae latae"]
    codes = {
        (s.SegmentedPropertyTypeCodeSequence[0].CodeValue, s.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator) for s in mine
    }
    assert codes == {("7:808", "MDC")}
    report = hd.sr.srread(study / DICOM / SR)
    text = str(report)
    assert "Musculus tensor fasciae latae" in text


def test_fhir_has_its_code_as_hl7_counts_it(study: Path) -> None:
    entries = json.loads((study / "fhir.json").read_text())["entry"]
    sites = [e["resource"]["bodySite"] for e in entries if e["resource"]["resourceType"] == "Observation"]
    (coding,) = {(s["coding"][0]["system"], s["coding"][0]["code"]) for s in sites if "tensor" in s["text"]}
    assert coding == ("urn:iso:std:iso:11073:10101", str(7 * 65536 + 808))


def test_its_segments_read_back_are_its_labels(out: Path, study: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    seg = str(study / DICOM / SEG)
    assert run([str(a) for a in ("grade", out.parent / "in", "-o", again, "--labels", seg, "-q")]) in (0, 3)
    (labels,) = again.glob("*/labels.nii.gz")
    assert np.array_equal(np.asarray(nib.load(labels).dataobj), np.asarray(nib.load(study / "labels.nii.gz").dataobj))


def test_the_worklist_judges_by_the_glutei(study: Path) -> None:
    """A doubtful and very fatty tensor does not move a study in the list."""
    result = json.loads((study / "result.json").read_text())
    before = listed_of(json.dumps(result).encode(), Place("a"))
    for m in result["muscles"]:
        if m["muscle"] == TENSOR:
            m |= {"status": "needs_review", "fat_fraction": 0.9, "fat_fraction_core": 0.9}
            m["grades"] = [g | {"grade": 4, "borderline_with": 3} for g in m["grades"]]
    after = listed_of(json.dumps(result).encode(), Place("a"))
    names = ("needs_review", "worst_grade", "worst_muscle", "max_fat_fraction", "borderline", "reasons")
    assert [getattr(after, n) for n in names] == [getattr(before, n) for n in names]
