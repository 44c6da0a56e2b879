"""Results that replace others name them, count up and say when they were made; the same result once more stays the same bytes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from gluteal_grade.io import discover
from gluteal_grade.pipeline import Graded
from gluteal_grade.report.dicom.write import DicomOptions, write_dicom
from tests.report.dicom.scanner import Examined, examined, slim

NUMBERS = {"seg.dcm": 9001, "sr.dcm": 9002, "sc.dcm": 9003}


@pytest.fixture(scope="module")
def one() -> Examined:
    return slim(examined("siemens"))


def with_settings(graded: Graded, config_hash: str) -> Graded:
    """As other settings would give it."""
    made_by = graded.result.provenance.model_copy(update={"config_hash": config_hash})
    return Graded(graded.result.model_copy(update={"provenance": made_by}), graded.images)


def written(one: Examined, graded: Graded, folder: Path, before: Path | None = None) -> dict[str, pydicom.Dataset]:
    folder.mkdir(parents=True)
    files = write_dicom(graded, one.study, folder, overlay=one.overlay, options=DicomOptions(replaces=before))
    return {path.name: pydicom.dcmread(path) for path in files}


def test_a_report_that_replaces_another_names_it_and_counts_up(one: Examined, tmp_path: Path) -> None:
    first = written(one, one.graded, tmp_path / "1")
    assert {name: data.SeriesNumber for name, data in first.items()} == NUMBERS
    assert all("InstanceCreationDate" not in data and "PredecessorDocumentsSequence" not in data for data in first.values())
    before = first["sr.dcm"]
    for n in (2, 3):
        now = written(one, with_settings(one.graded, f"{n:012x}"), tmp_path / str(n), tmp_path / str(n - 1))
        assert {name: data.SeriesNumber for name, data in now.items()} == {name: v + 10 * (n - 1) for name, v in NUMBERS.items()}
        assert {data.SeriesDescription for data in now.values()} == {f"gluteal_grade {k} ({n})" for k in ("SEG", "SR", "SC")}
        (item,) = now["sr.dcm"].PredecessorDocumentsSequence
        (series,) = item.ReferencedSeriesSequence
        (instance,) = series.ReferencedSOPSequence
        assert item.StudyInstanceUID == before.StudyInstanceUID
        assert (series.SeriesInstanceUID, instance.ReferencedSOPInstanceUID) == (before.SeriesInstanceUID, before.SOPInstanceUID)
        when = [(data.get("InstanceCreationDate", ""), data.get("InstanceCreationTime", ""), data.ContentTime) for data in now.values()]
        assert len(set(when)) == 1
        assert when[0][:2] > (before.get("InstanceCreationDate", ""), before.get("InstanceCreationTime", ""))
        before = now["sr.dcm"]


def test_the_same_once_more_is_the_same_bytes(one: Examined, tmp_path: Path) -> None:
    written(one, one.graded, tmp_path / "1")
    written(one, one.graded, tmp_path / "1again", tmp_path / "1")
    other = with_settings(one.graded, "2" * 12)
    written(one, other, tmp_path / "2", tmp_path / "1")
    written(one, other, tmp_path / "2again", tmp_path / "2")
    for n in ("1", "2"):
        for path in (tmp_path / n / "dicom").iterdir():
            assert path.read_bytes() == (tmp_path / f"{n}again" / "dicom" / path.name).read_bytes()


def test_a_corrected_patient_gets_results_of_their_own(one: Examined, tmp_path: Path) -> None:
    """The numbers and the images' UIDs are the same: a PACS would take the new objects for the old ones."""
    before = written(one, one.graded, tmp_path / "1")
    root = Path(one.study.files[0].path).parents[1]
    shutil.copytree(root, tmp_path / "in")
    for path in (tmp_path / "in").rglob("*.dcm"):
        data = pydicom.dcmread(path)
        data.PatientName, data.PatientID = "Right^Name", "31"
        data.save_as(path)
    (study,) = discover(tmp_path / "in").studies
    corrected = replace(one, study=study)
    for n, earlier in ((2, 1), (3, 2)):
        now = written(corrected, one.graded, tmp_path / str(n), tmp_path / str(earlier))
        assert {str(data.PatientName) for data in now.values()} == {"Right^Name"}
        assert now["sr.dcm"].SeriesNumber == 9012  # the second time it is the same once more
        assert {name: data.SOPInstanceUID for name, data in now.items()}.items().isdisjoint(
            {name: data.SOPInstanceUID for name, data in before.items()}.items()
        )
        assert (
            now["sr.dcm"].PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].SeriesInstanceUID
            == before["sr.dcm"].SeriesInstanceUID
        )


def test_a_damaged_or_strange_report_is_not_referred_to(one: Examined, tmp_path: Path) -> None:
    (tmp_path / "damaged" / "dicom").mkdir(parents=True)
    (tmp_path / "damaged" / "dicom" / "sr.dcm").write_bytes(b"no report")
    strange = written(one, one.graded, tmp_path / "strange")["sr.dcm"]
    strange.StudyInstanceUID = "1.2.3"
    strange.save_as(tmp_path / "strange" / "dicom" / "sr.dcm")
    for name in ("damaged", "strange", "nothing"):
        assert written(one, one.graded, tmp_path / f"of_{name}", tmp_path / name)["sr.dcm"].SeriesNumber == 9002


def test_settings_tried_and_taken_back_give_objects_of_their_own(one: Examined, tmp_path: Path) -> None:
    """The PACS has the first ones and takes no second ones with their UIDs: the report of the settings tried would stay the last word."""
    first = written(one, one.graded, tmp_path / "1")
    tried = written(one, with_settings(one.graded, "2" * 12), tmp_path / "2", tmp_path / "1")
    back = written(one, one.graded, tmp_path / "3", tmp_path / "2")
    uids = [str(data.SOPInstanceUID) for objects in (first, tried, back) for data in objects.values()]
    assert len(set(uids)) == 9
    (series,) = back["sr.dcm"].PredecessorDocumentsSequence[0].ReferencedSeriesSequence
    assert series.SeriesInstanceUID == tried["sr.dcm"].SeriesInstanceUID
    written(one, one.graded, tmp_path / "3again", tmp_path / "3")
    for path in (tmp_path / "3" / "dicom").iterdir():
        assert path.read_bytes() == (tmp_path / "3again" / "dicom" / path.name).read_bytes()
