"""Small phantom studies as a hospital has them: a patient, a date, a description; pushed into an Orthanc."""

from __future__ import annotations

import datetime
from pathlib import Path

import pydicom

from gluteal_grade.io.study import study_id
from gluteal_grade_lab.orthanc import Orthanc
from tests.visits import phantom_visit, renamed

TODAY = datetime.date(2026, 3, 10)


def study(
    folder: Path,
    number: int,
    *,
    patient: str = "",
    date: datetime.date = TODAY,
    description: str = "MR Pelvis",
    keep: int | None = None,
    uid: str | None = None,
) -> Path:
    """A Dixon study that the networks can grade; `keep`: only so many images of each series, so that it cannot be."""
    return renamed(
        phantom_visit(4.0, 8.0) / "dicom",
        folder / f"study{number}_{date:%Y%m%d}_{keep}",
        seed=f"{patient}{number}{date}{keep}{uid or ''}",
        keep=keep,
        PatientID=patient or f"ID{number}",
        PatientName="Doe^Jane",
        StudyDate=f"{date:%Y%m%d}",
        StudyDescription=description,
    )


def hash_of(folder: Path) -> str:
    """The study's name in every output."""
    file = next(folder.rglob("*.dcm"))
    return study_id([str(pydicom.dcmread(file, stop_before_pixels=True).StudyInstanceUID)])


def push(orthanc: Orthanc, folder: Path) -> str:
    """Upload all images; the study's hash."""
    for file in sorted(folder.rglob("*.dcm")):
        orthanc.upload(file)
    return hash_of(folder)
