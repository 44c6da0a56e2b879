"""A rejection note is a valid Key Object Selection Document that names the objects which newer ones replace, and why."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest

from gluteal_grade.report.dicom.rejection import header_of, rejection_note
from gluteal_grade.report.dicom.write import write_dicom
from tests.report.dicom.scanner import Examined, examined, slim

DCIODVFY = shutil.which("dciodvfy")


@pytest.fixture(scope="module")
def one() -> Examined:
    return slim(examined("siemens"))


@pytest.fixture
def headers(one: Examined, tmp_path: Path) -> list[pydicom.Dataset]:
    return [header_of(path) for path in write_dicom(one.graded, one.study, tmp_path, overlay=one.overlay)]


def as_new(header: pydicom.Dataset, **more: str) -> pydicom.Dataset:
    now = pydicom.dcmread(header.filename)
    now.SOPInstanceUID, now.SeriesNumber = "2.25.1", 9011
    for keyword, value in more.items():
        setattr(now, keyword, value)
    return now


def saved(note: pydicom.Dataset, folder: Path) -> pydicom.Dataset:
    note.save_as(folder / "note.dcm", enforce_file_format=True)
    if DCIODVFY is not None:
        told = subprocess.run([DCIODVFY, folder / "note.dcm"], capture_output=True, text=True, timeout=60)
        assert "Error" not in told.stdout + told.stderr
    return pydicom.dcmread(folder / "note.dcm")


def test_a_note_names_every_object_and_its_series(headers: list[pydicom.Dataset], tmp_path: Path) -> None:
    now = as_new(headers[0])
    note = saved(rejection_note(headers, now, now), tmp_path)
    title = note.ConceptNameCodeSequence[0]
    assert (note.Modality, title.CodeValue, title.CodeMeaning) == ("KO", "113001", "Rejected for Quality Reasons")
    assert (note.SeriesNumber, note.PatientID) == (9017, headers[0].PatientID)
    (study,) = note.CurrentRequestedProcedureEvidenceSequence
    told = {s.SeriesInstanceUID: s.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for s in study.ReferencedSeriesSequence}
    assert study.StudyInstanceUID == note.StudyInstanceUID == headers[0].StudyInstanceUID
    assert told == {h.SeriesInstanceUID: h.SOPInstanceUID for h in headers}
    named = [
        (i.ValueType, i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for i in note.ContentSequence if "ReferencedSOPSequence" in i
    ]
    kinds = {"SEG": "IMAGE", "SR": "COMPOSITE", "OT": "IMAGE"}
    assert sorted(named) == sorted((kinds[h.Modality], h.SOPInstanceUID) for h in headers)


def test_under_another_patient_it_is_for_safety_and_stands_with_what_it_rejects(headers: list[pydicom.Dataset], tmp_path: Path) -> None:
    now = as_new(headers[0], PatientID="31", PatientName="Right^Name")
    note = saved(rejection_note(headers, now, headers[0]), tmp_path)
    assert note.ConceptNameCodeSequence[0].CodeValue == "113037"
    assert (note.PatientID, note.PatientName) == (headers[0].PatientID, headers[0].PatientName)
    assert saved(rejection_note(headers, now, now), tmp_path).PatientID == "31"


def test_the_same_rejection_is_the_same_object(headers: list[pydicom.Dataset]) -> None:
    """One that is sent again after a failure is no second note; one of other objects is."""
    now = as_new(headers[0])
    first, again, fewer = (rejection_note(h, now, now).SOPInstanceUID for h in (headers, headers[::-1], headers[:2]))
    assert first == again != fewer
