"""Real Orthanc: a study that came in two halves, then under its right patient. Who reads the PACS can tell which report counts."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
import requests

from gluteal_grade.cohort import Given
from gluteal_grade.config import load_settings
from gluteal_grade.pacs.config import load_pacs_settings
from gluteal_grade.pacs.grading import Grading, Means
from gluteal_grade.pacs.night_report import write_summary
from gluteal_grade.pacs.nightly import Night, run_night
from gluteal_grade.pacs.peer import PacsPeer
from gluteal_grade_lab.orthanc import AVAILABLE, Orthanc
from tests.pacs.hospital import TODAY, hash_of, push
from tests.visits import another_visit

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="Debian's orthanc is not installed")


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    with Orthanc(tmp_path / "orthanc") as server:
        yield server


class Hospital:
    """Nights on one PACS, graded by label maps that lie at hand: the networks do not matter here."""

    def __init__(self, folder: Path, orthanc: Orthanc, more: str = "") -> None:
        self.orthanc, self.out = orthanc, folder / "out"
        config = folder / "pacs.yaml"
        config.write_text(
            f"{more}"
            f"out: {self.out}\nlocal: {{ae_title: GG}}\nretry: {{attempts: 2, first_s: 0.1}}\n"
            f"pacs: {{ae_title: ORTHANC, host: 127.0.0.1, port: {orthanc.dicom_port}, timeout_s: 60}}\n"
        )
        (folder / "quick.yaml").write_text("report: {pictures: none}\n")
        self.settings = load_pacs_settings(config)
        self.means = Means(load_settings(folder / "quick.yaml"), jobs=1)

    def night(self, labels: Path) -> Night:
        grading = Grading(self.means, self.settings.out)
        grading._given = Given(labels=labels, labelmap="gluteal_grade")
        try:
            night = run_night(self.settings, PacsPeer(self.settings, _silent), grading, TODAY, _silent)
        finally:
            grading.close()
        write_summary(night, self.settings.out, datetime.datetime.now(datetime.UTC))
        return night

    def page(self) -> str:
        return (self.out / "nights" / "latest.html").read_text()

    def reports(self, modality: str = "SR") -> list[pydicom.Dataset]:
        """Every structured report, or other object, in the PACS, by series number."""
        asked = {"Level": "Series", "Query": {"Modality": modality}}
        series = requests.post(f"{self.orthanc.url}/tools/find", json=asked, timeout=120).json()
        files: list[Any] = [requests.get(f"{self.orthanc.url}/series/{one}", timeout=120).json()["Instances"] for one in series]
        found = [requests.get(f"{self.orthanc.url}/instances/{i}/file", timeout=120).content for instances in files for i in instances]
        return sorted((pydicom.dcmread(BytesIO(data)) for data in found), key=lambda data: int(data.SeriesNumber))

    def forget(self) -> None:
        """The PACS deletes everything, as it does before images come again under another patient."""
        for one in requests.get(f"{self.orthanc.url}/studies", timeout=120).json():
            requests.delete(f"{self.orthanc.url}/studies/{one}", timeout=120)


def _silent(*_: object, **__: object) -> None:
    pass


def corrected(folder: Path, name: str, patient: str) -> None:
    for path in folder.rglob("*.dcm"):
        data = pydicom.dcmread(path)
        data.PatientName, data.PatientID, data.StudyDate, data.StudyDescription = name, patient, f"{TODAY:%Y%m%d}", "MR Pelvis"
        data.save_as(path)


def half_of(folder: Path, labels: Path, target: Path) -> Path:
    """Two thirds of the slices, and the label map of these; where they lie is told by the files."""
    for path in sorted(folder.rglob("*.dcm")):
        if int(path.stem) <= 2 * len(list(path.parent.iterdir())) // 3:
            (target / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / path.parent.name)
    heights = [float(pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2]) for path in target.rglob("*.dcm")]
    image: Any = nib.load(labels)
    z = image.affine[2, 3] + image.affine[2, 2] * np.arange(image.shape[2])
    inside = np.flatnonzero((z > min(heights) - 0.5) & (z < max(heights) + 0.5))
    cut = target.parent / "labels_half.nii.gz"
    nib.save(image.slicer[:, :, inside[0] : inside[-1] + 1], cut)
    return cut


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_second_report_names_the_first_and_a_corrected_patient_gets_a_new_one(orthanc: Orthanc, tmp_path: Path) -> None:
    made = another_visit(tmp_path, "made", 6.0, 12.0)
    images, labels = made / "dicom", made / "labels.nii.gz"
    corrected(images, "Wrong^Name", "30")
    half = half_of(images, labels, tmp_path / "half" / "dicom")
    hospital, study = Hospital(tmp_path, orthanc), hash_of(images)

    push(orthanc, tmp_path / "half" / "dicom")
    first = hospital.night(half)
    assert (list(first.ends), first.superseded) == ([study], {})
    push(orthanc, images)
    second = hospital.night(labels)
    assert {key: str(why) for key, why in second.superseded.items()} == {study: "more_images"}
    assert "more_images" in hospital.page()
    before, now = hospital.reports()
    assert [(r.SeriesNumber, r.SeriesDescription) for r in (before, now)] == [(9002, "gluteal_grade SR"), (9012, "gluteal_grade SR (2)")]
    told = now.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert told.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert (now.ContentDate, now.ContentTime) != (before.ContentDate, before.ContentTime)
    assert now.InstanceCreationDate

    assert hospital.night(labels).ends == {}  # nothing new
    hospital.forget()
    corrected(images, "Right^Name", "31")
    push(orthanc, images)
    third = hospital.night(labels)
    assert {key: str(why) for key, why in third.superseded.items()} == {study: "patient_corrected"}
    assert "patient_corrected" in hospital.page()
    (right,) = hospital.reports()
    assert (str(right.PatientName), right.PatientID, right.SeriesNumber) == ("Right^Name", "31", 9022)
    assert right.SOPInstanceUID not in (before.SOPInstanceUID, now.SOPInstanceUID)
    assert hospital.night(labels).ends == {}
    for path in (*(hospital.out / "nights").iterdir(), hospital.out / "studies.csv"):
        assert "Name" not in path.read_text()
