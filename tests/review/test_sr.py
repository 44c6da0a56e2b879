"""A reader's report holds the decisions, belongs to the patient and refers to the images."""

from __future__ import annotations

import shutil
from pathlib import Path

import highdicom as hd
import pydicom
import pytest

from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.exports import export_reports
from gluteal_grade.review.model import Item, Key, Session
from gluteal_grade.review.store import Store
from tests.report.dicom.scanner import HAS_DCIODVFY, complaints
from tests.review.conftest import Graded
from tests.review.deciding import decision, grade_key

ANNA = Session("anna")
DECIDED = {
    grade_key(): "2",
    grade_key(scale="goutallier"): "not_assessable",
    grade_key("gluteus_minimus", "right", "bal_lowe"): "3",
    Key(Item.QUALITY, "gluteus_medius", "left"): "wrong",
    Key(Item.TENDON, "", "left", "medius_lateral"): "defect",
    Key(Item.TENDON, "", "right", "minimus"): "intact",
    Key(Item.BURSA, "", "right"): "fluid",
    Key(Item.NOTE): "Ödem am Trochanter, ≥ 2 cm",
    Key(Item.FINISHED): "yes",
}
TOLD = {
    ("Left", "Gluteus medius muscle", "QUARTILE", "QUARTILE_2"),
    ("Left", "Gluteus medius muscle", "GOUTALLIER", "not_assessable"),
    ("Right", "Gluteus minimus muscle", "BAL_LOWE", "BAL_LOWE_3"),
    ("Left", "Gluteus medius muscle", "CONTOUR_QUALITY", "wrong"),
    ("Left", "Lateral tendon of gluteus medius", "TENDON", "defect"),
    ("Right", "Tendon of gluteus minimus", "TENDON", "intact"),
    ("Right", "Trochanteric bursa", "BURSA", "fluid"),
}


def decided(graded: Graded, study: str, session: Session = ANNA) -> Store:
    store = Store(graded.out)
    store.add(session, [decision(value, key, study=study) for key, value in DECIDED.items()], "r")
    return store


def reports(graded: Graded, store: Store, data: Path | None = None) -> tuple[tuple[Path, ...], tuple[tuple[str, str], ...]]:
    catalogue = Catalogue(graded.out)
    catalogue.refresh()
    found = export_reports(graded.out, catalogue, store, data)
    return found.reports, found.not_written


def told(path: Path) -> set[tuple[str, str, str, str]]:
    found = set()
    for group in hd.sr.srread(path).content.get_image_measurement_groups():
        (site,) = group.finding_sites
        for one in group.get_qualitative_evaluations():
            found.add((site.laterality.meaning, group.finding_type.meaning, one.name.value, one.value.value))
    return found


def referred(data: pydicom.Dataset) -> set[str]:
    sequences = (data.get(f"{name}EvidenceSequence", ()) for name in ("CurrentRequestedProcedure", "PertinentOther"))
    return {
        str(one.ReferencedSOPInstanceUID)
        for items in sequences for study in items for series in study.ReferencedSeriesSequence for one in series.ReferencedSOPSequence
    }  # fmt: skip


@pytest.mark.parametrize("with_dicom_results", [True, False])
def test_the_report_holds_what_was_decided(graded: Graded, with_dicom_results: bool) -> None:
    images = [pydicom.dcmread(path, stop_before_pixels=True) for path in (graded.images / "scan").rglob("*.dcm")]
    seg = pydicom.dcmread(graded.out / graded.dicom / "dicom" / "seg.dcm", stop_before_pixels=True).SOPInstanceUID
    if not with_dicom_results:
        shutil.rmtree(graded.out / graded.dicom / "dicom")
    (path,), refused = reports(graded, decided(graded, graded.dicom))
    assert refused == ()
    assert path == graded.out / "review" / "dicom" / f"{graded.dicom}_anna_read1.dcm"
    assert told(path) == TOLD
    data = pydicom.dcmread(path)
    assert (data.PatientID, str(data.PatientName), data.StudyInstanceUID) == (
        images[0].PatientID, str(images[0].PatientName), images[0].StudyInstanceUID,
    )  # fmt: skip
    texts = {
        item.ConceptNameCodeSequence[0].CodeMeaning: item.get("TextValue") or str(item.get("PersonName")) for item in data.ContentSequence
    }
    assert texts["Comment"] == DECIDED[Key(Item.NOTE)]
    assert texts["Person Observer Name"] == "anna^"
    assert (data.CompletionFlag, data.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    uids = {str(image.SOPInstanceUID) for image in images}
    assert referred(data) & uids
    assert referred(data) <= {*uids, str(seg)}
    assert (str(seg) in referred(data)) is with_dicom_results
    if HAS_DCIODVFY:
        assert complaints(path) == []


def test_what_the_reader_saw_of_the_program_is_accepted_or_overruled(graded: Graded) -> None:
    """Of a grade that the program did not give, or that a blinded reader did not see, nothing is said."""
    given = {
        grade_key(): decision("2", study=graded.dicom, program="2"),
        grade_key(scale="goutallier"): decision("3", grade_key(scale="goutallier"), study=graded.dicom, program="2"),
        grade_key(scale="bal_lowe"): decision("1", grade_key(scale="bal_lowe"), study=graded.dicom, program="1", seen=False),
    }
    store = Store(graded.out)
    store.add(ANNA, list(given.values()), "r")
    (path,), _ = reports(graded, store)
    left = {(name, value) for _, muscle, name, value in told(path) if muscle == "Gluteus medius muscle"}
    assert left == {
        ("QUARTILE", "QUARTILE_2"),
        ("D_QUARTILE", "accepted"),
        ("GOUTALLIER", "GOUTALLIER_3"),
        ("D_GOUTALLIER", "overruled"),
        ("BAL_LOWE", "BAL_LOWE_1"),
    }
    if HAS_DCIODVFY:
        assert complaints(path) == []


def test_uids_follow_reader_read_and_what_was_decided(graded: Graded) -> None:
    store = decided(graded, graded.dicom)
    decided(graded, graded.dicom, Session("anna", 2)).close()
    decided(graded, graded.dicom, Session("ben")).close()
    first, _ = reports(graded, store)
    before = {path.name: path.read_bytes() for path in first}
    reports(graded, store)
    assert {path.name: path.read_bytes() for path in first} == before
    assert len({pydicom.dcmread(path).SeriesInstanceUID for path in first}) == len({pydicom.dcmread(p).SOPInstanceUID for p in first}) == 3
    old = pydicom.dcmread(first[0])
    store.add(Session("anna"), [decision("3", study=graded.dicom)], "r")
    reports(graded, store)
    new = pydicom.dcmread(first[0])
    assert new.SeriesInstanceUID == old.SeriesInstanceUID
    assert new.SOPInstanceUID != old.SOPInstanceUID


def test_a_read_that_is_taken_back_has_no_report(graded: Graded) -> None:
    store = decided(graded, graded.dicom)
    (path,), _ = reports(graded, store)
    store.add(Session("anna"), [decision("", key, study=graded.dicom) for key in DECIDED], "r")
    assert reports(graded, store) == ((), ())
    assert not path.exists()


def test_a_study_without_dicom_images_is_told_and_the_others_go_on(graded: Graded) -> None:
    decided(graded, graded.nifti).close()
    paths, refused = reports(graded, decided(graded, graded.dicom))
    assert len(paths) == 1
    assert [(study, why.split(":")[0]) for study, why in refused] == [(graded.nifti, "dicom_not_written")]
