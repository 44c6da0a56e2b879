"""Real Orthanc: once the prior is known, the report with the change since then follows the results, once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from gluteal_grade.pacs.grading import hash_of
from gluteal_grade.pacs.peer import PacsPeer
from gluteal_grade.pacs.prior_reports import deliver_prior_reports, prior_reports_sent
from gluteal_grade.pacs.process import Process
from gluteal_grade.pacs.rejection import Rejections
from gluteal_grade.pacs.state import opened
from gluteal_grade.report.dicom import renew_prior_sr
from gluteal_grade.report.html import Prior
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc
from tests.pacs.hospital import TODAY, push, study
from tests.pacs.test_rejection import correct_in_the_pacs, rejected_by
from tests.pacs.test_superseded import Hospital
from tests.visits import phantom_visit

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Debian's orthanc is not installed")


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    with Orthanc(tmp_path / "orthanc") as server:
        yield server


def change_in(report: pydicom.Dataset) -> str:
    """Its Previous Finding (121069, DCM)."""
    items = (item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "121069")
    return "".join(str(item.TextValue) for item in items)


@pytest.mark.long
def test_the_change_since_the_prior_follows_the_results_once(orthanc: Orthanc, tmp_path: Path) -> None:
    labels = phantom_visit(4.0, 8.0) / "labels.nii.gz"
    push(orthanc, study(tmp_path, 3, patient="P", date=TODAY - datetime.timedelta(days=400)))
    now = push(orthanc, study(tmp_path, 4, patient="P"))
    hospital = Hospital(tmp_path, orthanc, "reject_superseded: true\n")
    first = hospital.night(labels)
    assert (first.exit_code, first.priors, first.sent) == (0, 1, {now: ""})
    reports = hospital.reports()
    assert sorted((int(r.InstanceNumber), bool(change_in(r))) for r in reports) == [(1, False), (2, True)]  # none of the prior itself
    own, change = sorted(reports, key=lambda r: int(r.InstanceNumber))
    assert change.SeriesInstanceUID == own.SeriesInstanceUID
    assert change.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == (
        own.SOPInstanceUID
    )
    assert "400 days before" in change_in(change)

    second = hospital.night(labels)
    assert (second.known, second.ends, second.sent) == (1, {}, {})  # the new report counts for no new image, and is not sent again

    peer = PacsPeer(hospital.settings, lambda *_, **__: None, sleep=lambda _: None)
    with opened(hospital.out) as state:
        state.sent_prior_report(now, "of another comparison", 0)
        orthanc.stop()
        assert deliver_prior_reports(state, hospital.settings, peer.send, lambda *_, **__: None) == {now: "peer_unreachable"}
        orthanc.start()
        assert deliver_prior_reports(state, hospital.settings, peer.send, lambda *_, **__: None) == {now: ""}
        assert deliver_prior_reports(state, hospital.settings, peer.send, lambda *_, **__: None) == {}
        assert deliver_prior_reports(state, hospital.settings.model_copy(update={"send": ("seg",)}), peer.send, lambda *_, **__: None) == {}
    assert len(hospital.reports()) == 2

    process = Process(hospital.settings, hospital.means, lambda *_, **__: None)  # of the receiver
    process._untold = True  # as after a study was graded
    try:
        with opened(hospital.out) as state:
            state.sent_prior_report(now, "of another comparison", 0)
            process.idle()
            assert state.prior_report(now) == hash_of([hospital.out / now / "dicom" / "sr_prior.dcm"])
    finally:
        process.close()
    assert len(hospital.reports()) == 2

    path, result = hospital.out / now / "dicom" / "sr_prior.dcm", (hospital.out / now / "result.json").read_bytes()
    with opened(hospital.out) as state:  # another comparison: a third report, that names the second
        assert renew_prior_sr(path.parent, result, Prior("d" * 12, 300, ()))
        assert deliver_prior_reports(state, hospital.settings, peer.send, lambda *_, **__: None) == {now: ""}
        assert deliver_prior_reports(state, hospital.settings, peer.send, lambda *_, **__: None) == {}
        assert not renew_prior_sr(path.parent, result, Prior("d" * 12, 300, ()))
    *_, last = reports = sorted(hospital.reports(), key=lambda r: int(r.InstanceNumber))
    assert [int(r.InstanceNumber) for r in reports] == [1, 2, 3]
    references = last.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert [one.ReferencedSOPInstanceUID for one in references] == [own.SOPInstanceUID, change.SOPInstanceUID]
    assert "300 days before" in change_in(last)
    assert len(prior_reports_sent(hospital.out, now)) == 2

    rejections = Rejections(hospital.settings, peer, lambda *_, **__: None)
    with opened(hospital.out) as state:  # graded again with the same end: neither the report nor the one with the prior is rejected
        rejections.keep(state, [now])
        (hospital.out / now / "dicom" / "sr_prior.dcm").unlink()
        assert rejections.send(state) == ({}, {})
    assert hospital.reports("KO") == []

    # the patient is corrected: what was sent of the study before is rejected, each report with a prior too
    before = {
        str(data.SOPInstanceUID)
        for modality in ("SEG", "SR")
        for data in hospital.reports(modality)
        if data.StudyInstanceUID == own.StudyInstanceUID
    }
    assert {str(report.SOPInstanceUID) for report in reports} < before
    correct_in_the_pacs(orthanc, "Right^Name", "Q")
    third = hospital.night(labels)
    assert str(third.superseded[now]) == "patient_corrected"
    assert third.rejected[now] == len(before)
    notes = [note for note in hospital.reports("KO") if note.StudyInstanceUID == own.StudyInstanceUID]
    assert set().union(*map(rejected_by, notes)) == before
    assert {note.PatientID for note in notes} == {"Q"}
    assert hospital.night(labels).rejected == {}
