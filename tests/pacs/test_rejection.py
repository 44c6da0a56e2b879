"""Real Orthanc: results that newer ones replace are named in a rejection note, once, where the settings ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
import requests

from gluteal_grade.pacs.rejection import FOLDER
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc
from tests.pacs.hospital import hash_of, push
from tests.pacs.test_superseded import Hospital, corrected, half_of
from tests.visits import another_visit

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Debian's orthanc is not installed")


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """One that takes no key objects while a file `no_notes` lies beside it."""
    script = tmp_path / "filter.lua"
    script.write_text(
        "function ReceivedInstanceFilter(dicom)\n"
        f"  if dicom.Modality == 'KO' and io.open('{tmp_path / 'no_notes'}') then error('no notes here') end\n"
        "  return true\nend\n"
    )
    with Orthanc(tmp_path / "orthanc", extra={"LuaScripts": [str(script)]}) as server:
        yield server


def rejected_by(note: pydicom.Dataset) -> set[str]:
    """SOPInstanceUIDs; evidence and content name the same."""
    (study,) = note.CurrentRequestedProcedureEvidenceSequence
    named = {str(i.ReferencedSOPInstanceUID) for series in study.ReferencedSeriesSequence for i in series.ReferencedSOPSequence}
    told = {str(i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for i in note.ContentSequence if "ReferencedSOPSequence" in i}
    assert named == told
    return named


def uids(hospital: Hospital) -> set[str]:
    """Of our results in the PACS."""
    return {str(data.SOPInstanceUID) for modality in ("SEG", "SR") for data in hospital.reports(modality)}


def correct_in_the_pacs(orthanc: Orthanc, name: str, patient: str) -> None:
    """As an archive does: every object of the study, ours too, with the UIDs that it has."""
    (whose,) = requests.get(f"{orthanc.url}/patients", timeout=120).json()
    change = {
        "Replace": {"PatientName": name, "PatientID": patient},
        "Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"],
        "Force": True,
        "KeepSource": False,
    }
    requests.post(f"{orthanc.url}/patients/{whose}/modify", json=change, timeout=300).raise_for_status()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_newer_results_replace_is_rejected_once(orthanc: Orthanc, tmp_path: Path) -> None:
    made = another_visit(tmp_path, "made", 6.0, 12.0)
    images, labels = made / "dicom", made / "labels.nii.gz"
    corrected(images, "Wrong^Name", "30")
    half = half_of(images, labels, tmp_path / "half" / "dicom")
    hospital, study = Hospital(tmp_path, orthanc, "reject_superseded: true\n"), hash_of(images)

    push(orthanc, tmp_path / "half" / "dicom")
    hospital.night(half)
    assert hospital.reports("KO") == []
    first = uids(hospital)
    push(orthanc, images)
    (tmp_path / "no_notes").touch()
    second = hospital.night(labels)
    assert (list(second.ends), second.rejected, second.sent, second.exit_code) == ([study], {}, {study: "send_failed"}, 3)
    assert hospital.reports("KO") == []
    (tmp_path / "no_notes").unlink()
    later = hospital.night(labels)  # nothing new to grade: the note alone
    assert (later.ends, later.rejected, later.exit_code) == ({}, {study: len(first)}, 0)
    (note,) = hospital.reports("KO")
    assert rejected_by(note) == first
    assert (note.ConceptNameCodeSequence[0].CodeValue, note.PatientID, note.SeriesNumber) == ("113001", "30", 9017)
    assert not any((hospital.out / FOLDER).iterdir())
    assert hospital.night(labels).ends == {}  # the note counts for no new image

    correct_in_the_pacs(orthanc, "Right^Name", "31")
    before = uids(hospital) - first
    third = hospital.night(labels)
    assert ({s: str(why) for s, why in third.superseded.items()}, third.rejected) == ({study: "patient_corrected"}, {study: len(before)})
    assert f"told to reject {len(before)} earlier objects" in hospital.page()
    _, other = hospital.reports("KO")
    assert rejected_by(other) == before
    assert (other.ConceptNameCodeSequence[0].CodeValue, other.PatientID) == ("113037", "31")
    assert hospital.night(labels).ends == {}
    assert len(hospital.reports("KO")) == 2
