"""`--deidentify`: nothing of the patient in any output, objects still belong together and conform."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest

from gluteal_grade import cli
from gluteal_grade.io.nifti import save_volume
from gluteal_grade.report.dicom.deidentify import mapped
from tests.cohort.test_batch import batch, table
from tests.report.dicom.scanner import scan, small_toy

SUMMARY_ONLY = Path(__file__).parents[1] / "summary_only.yaml"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pydicom.Dataset]:
    """A study with every kind of identity in its headers."""
    folder = tmp_path_factory.mktemp("in")
    toy = small_toy()
    scan(folder / "study" / "dicom", "siemens", toy)
    save_volume(toy.labels, folder / "study" / "labels.nii.gz")
    for file in (folder / "study").rglob("*.dcm"):
        data = pydicom.dcmread(file)
        data.PatientName, data.PatientID, data.AccessionNumber = "Secretname^Jane", "SECRETID7", "SECRETACC"
        data.ReferringPhysicianName, data.InstitutionName = "Secretdoc", "Secrethospital"
        data.StudyDescription, data.OtherPatientIDs, data.StudyDate = "MR Pelvis Secretname", "SECRETOTHER", "20190817"
        data.save_as(file)
    return folder, data


@pytest.fixture(scope="module")
def out(cohort: tuple[Path, pydicom.Dataset], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    batch(cohort[0], "-o", folder, "--labels", "labels.nii.gz", "--dicom", "--deidentify", "--config", SUMMARY_ONLY)
    return folder


@pytest.mark.long
def test_nothing_of_the_patient_is_in_any_output(cohort: tuple[Path, pydicom.Dataset], out: Path) -> None:
    folder, source = cohort
    (study,) = table(out / "studies.csv")
    objects = [pydicom.dcmread(p) for p in sorted((out / study["folder"] / "dicom").glob("*.dcm"))]
    assert [o.Modality for o in objects] == ["OT", "SEG", "SR"]
    assert {o.StudyInstanceUID for o in objects} == {mapped(source.StudyInstanceUID)}
    assert len({o.SOPInstanceUID for o in objects}) == 3
    assert {(str(o.PatientName), o.PatientIdentityRemoved, o.StudyDate) for o in objects} == {("", "YES", "")}
    assert len({o.PatientID for o in objects}) == 1
    root = str(source.StudyInstanceUID)
    series = {str(pydicom.dcmread(f, stop_before_pixels=True).SeriesInstanceUID) for f in folder.rglob("*.dcm")}
    for path in out.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for secret in ("Secret", "SECRET", "20190817", root, *series):
            assert secret.encode() not in content, (path.name, secret)
    result = json.loads((out / study["folder"] / "result.json").read_text())
    assert {s["uid"] for s in result["series"]} == {mapped(uid) for uid in series}


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="Debian's dicom3tools is not installed")
def test_objects_conform_and_refer_to_each_other(out: Path) -> None:
    paths = {p.stem: p for p in out.rglob("dicom/*.dcm")}
    for path in paths.values():
        told = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
        assert not [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")], path.name
    assert str(pydicom.dcmread(paths["seg"]).SOPInstanceUID).encode() in paths["sr"].read_bytes()


@pytest.mark.long
def test_the_patient_is_named_on_pictures_and_report_only_while_asked_for(cohort: tuple[Path, pydicom.Dataset], tmp_path: Path) -> None:
    folder = cohort[0] / "study"
    arguments = ["grade", str(folder / "dicom"), "-o", str(tmp_path), "--labels", str(folder / "labels.nii.gz"), "--dicom", "-q"]
    arguments += ["--config", str(SUMMARY_ONLY)]
    assert cli.run([*arguments, "--identified"]) == 0
    (out,) = tmp_path.iterdir()
    assert (out / "identity.txt").read_text().splitlines()[:2] == ["Secretname Jane", "ID SECRETID7"]
    assert "Secretname Jane" in (out / "report.html").read_text()
    assert pydicom.dcmread(out / "dicom" / "sc.dcm").BurnedInAnnotation == "YES"
    named = (out / "overlay_summary.png").read_bytes()
    for name in ("result.json", "muscles.csv"):
        assert "Secret" not in (out / name).read_text()

    assert cli.run([*arguments, "--deidentified"]) == 0
    assert not (out / "identity.txt").exists()
    assert "Secret" not in (out / "report.html").read_text()
    assert (out / "overlay_summary.png").read_bytes() != named
    assert pydicom.dcmread(out / "dicom" / "sc.dcm").BurnedInAnnotation == "NO"
    assert cli.run([*arguments, "--identified", "--deidentify"]) == 64


def test_uids_are_mapped_alike_and_those_of_the_standard_stay() -> None:
    assert mapped("1.2.3") == mapped("1.2.3") != mapped("1.2.4")
    assert mapped("1.2.840.10008.5.1.4.1.1.4") == "1.2.840.10008.5.1.4.1.1.4"
    assert len(mapped("1." * 31 + "2")) <= 64
    assert mapped("") == ""
