"""The images of a result are found where they are now, with what was said of them then."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import discover
from gluteal_grade.report.dicom.deidentify import deidentified_result
from gluteal_grade.result.models import StudyResult
from gluteal_grade.review.origin import find_study, origin_of
from gluteal_grade.vocabulary import SeriesKind
from tests.review.conftest import Graded


def changed(graded: Graded, study: str, change) -> None:
    path = graded.out / study / "result.json"
    result = json.loads(path.read_text())
    change(result)
    path.write_text(json.dumps(result))


def test_where_the_batch_found_them(graded: Graded) -> None:
    dicom, nifti = origin_of(graded.out, graded.dicom), origin_of(graded.out, graded.nifti)
    assert (dicom.study.id, dicom.study.sex, dicom.metal, dicom.deidentified) == (graded.dicom, "F", "none", False)
    # the label map that lies with the images is none of them
    assert (nifti.study.id, nifti.study.sex, nifti.metal) == (graded.nifti, "M", "left")
    assert {s.kind for s in nifti.study.series} == {SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT}


def test_moved_images_are_found_below_a_folder_that_is_named(graded: Graded, tmp_path: Path) -> None:
    shutil.copytree(graded.images / "scan", tmp_path / "new" / "deep" / "down")
    shutil.copytree(graded.images / "pair", tmp_path / "new" / "else where")
    (graded.out / "ledger.sqlite").unlink()
    with pytest.raises(RefusedInput, match=r"^images_not_found$"):
        find_study(graded.out, graded.dicom)
    for study in (graded.dicom, graded.nifti):
        for _ in range(2):  # looked up, then remembered
            assert find_study(graded.out, study, tmp_path / "new").id == study
    remembered = json.loads((graded.out / "review" / "images.json").read_text())["studies"]
    assert set(remembered) == {graded.dicom, graded.nifti}
    # moved once more: the memory is no obstacle
    (tmp_path / "new" / "deep").rename(tmp_path / "new" / "flat")
    assert find_study(graded.out, graded.dicom, tmp_path / "new").id == graded.dicom


def test_a_part_of_the_images_is_not_the_study(graded: Graded, tmp_path: Path) -> None:
    shutil.copytree(graded.images / "scan", tmp_path / "new")
    (graded.out / "ledger.sqlite").unlink()
    next(p for p in sorted((tmp_path / "new").rglob("*.dcm"))).unlink()
    with pytest.raises(RefusedInput, match=Reason.IMAGES_NOT_FOUND) as told:
        find_study(graded.out, graded.dicom, tmp_path / "new")
    assert str(tmp_path) not in str(told.value)


def test_series_in_folders_of_their_own_are_put_together(graded: Graded) -> None:
    part = next(p for p in (graded.images / "scan").rglob("*.dcm")).parent
    assert part != graded.images / "scan"  # one folder a series
    with sqlite3.connect(graded.out / "ledger.sqlite") as ledger:
        assert ledger.execute("UPDATE entries SET place = ? WHERE place LIKE '%scan'", (str(part),)).rowcount == 1
    assert len(discover(part).studies[0].series) == 1
    assert {s.kind for s in find_study(graded.out, graded.dicom).series} == {SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT}


def test_mapped_uids_are_recognised(graded: Graded) -> None:
    path = graded.out / graded.dicom / "result.json"
    path.write_text(deidentified_result(StudyResult.model_validate_json(path.read_bytes())).to_json())
    assert origin_of(graded.out, graded.dicom).deidentified


def test_contrasts_and_metal_that_the_user_named(graded: Graded) -> None:
    def said(result: dict) -> None:
        result["series"][0] |= {"kind": "t1", "kind_reason": "named by the user"}
        for side in result["metal"]:
            side |= {"present": True, "sources": ["picture"]}

    changed(graded, graded.dicom, said)
    origin = origin_of(graded.out, graded.dicom)
    assert origin.study.series[0].kind is SeriesKind.T1
    assert origin.metal == "auto"
    by_user = tuple(side.model_copy(update={"sources": ("user",)}) for side in origin.result.metal)
    assert replace(origin, result=origin.result.model_copy(update={"metal": by_user})).metal == "both"
    assert replace(origin, result=origin.result.model_copy(update={"metal": by_user[:1]})).metal == "right"
    assert replace(origin, result=origin.result.model_copy(update={"metal": ()})).metal == "auto"


@pytest.mark.parametrize("study", ["../out", "0" * 12, "", "../../etc/passwd"])
def test_no_result_no_images(graded: Graded, study: str) -> None:
    with pytest.raises(RefusedInput, match=Reason.STUDY_NOT_FOUND):
        find_study(graded.out, study)
