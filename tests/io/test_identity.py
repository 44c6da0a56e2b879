from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.io import discover
from gluteal_grade.io.identity import LONGEST, identity_of
from gluteal_grade.io.nifti import save_volume

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "osteoarthritis_t1" / "dicom"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "study")
    return tmp_path / "study"


def header(folder: Path, **values: str) -> None:
    for file in folder.rglob("*.dcm"):
        data = pydicom.dcmread(file)
        for name, value in values.items():
            setattr(data, name, value)
        data.save_as(file)


def lines(folder: Path) -> tuple[str, ...]:
    return identity_of(discover(folder).studies[0])


def test_name_id_and_dates(folder: Path) -> None:
    header(
        folder,
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Müller^Jörg=山田",
        PatientID="17",
        PatientBirthDate="19500102",
        StudyDate="20260310",
        AccessionNumber="A1",
    )
    assert lines(folder) == ("Müller Jörg", "ID 17", "born 1950-01-02", "examined 2026-03-10", "accession A1")


def test_what_is_missing_is_left_out(folder: Path) -> None:
    header(folder, PatientName="", PatientID="17", PatientBirthDate="", StudyDate="", AccessionNumber="")
    assert lines(folder) == ("ID 17",)


def test_control_characters_and_length(folder: Path) -> None:
    header(folder, PatientName="<b>" + "x" * 200 + "\u202e", PatientID="", PatientBirthDate="", StudyDate="", AccessionNumber="")
    assert lines(folder) == (("<b>" + "x" * 200)[:LONGEST],)


def test_nifti_says_nothing(tmp_path: Path) -> None:
    save_volume(
        Volume(np.random.default_rng(1).integers(1, 500, (30, 30, 20)).astype(np.int16), np.diag([3.0, 3, 6, 1])), tmp_path / "T1.nii.gz"
    )
    assert lines(tmp_path) == ()
