"""Small phantom studies as a hospital has them: a patient, a date, a description; pushed into an Orthanc."""

from __future__ import annotations

import datetime
from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from gluteal_grade.io.study import study_id
from gluteal_grade_lab.orthanc import Orthanc
from gluteal_grade_lab.phantom.people import visit, write_visit

TODAY = datetime.date(2026, 3, 10)


@lru_cache(maxsize=1)
def _made() -> dict[int, Path]:
    return {}


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
    key = hash((str(folder), number))
    if key not in _made():
        _made()[key] = write_visit(visit(number), folder / "made", 4.0, 8.0) / "dicom"
    target = folder / f"study{number}_{date:%Y%m%d}_{keep}"
    for file in sorted(_made()[key].rglob("*.dcm")):
        if keep is not None and int(file.stem) > keep:
            continue
        data = pydicom.dcmread(file)
        seed = f"{patient}{number}{date}{keep}{uid or ''}"
        data.PatientID, data.PatientName = patient or f"ID{number}", "Doe^Jane"
        data.StudyDate, data.StudyDescription = f"{date:%Y%m%d}", description
        data.StudyInstanceUID = generate_uid(entropy_srcs=[seed, "study"])
        data.SeriesInstanceUID = generate_uid(entropy_srcs=[seed, file.parent.name])
        data.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed, "frame"])
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[seed, file.parent.name, file.stem])
        path = target / file.parent.name / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        data.save_as(path)
    return target


def hash_of(folder: Path) -> str:
    """The study's name in every output."""
    file = next(folder.rglob("*.dcm"))
    return study_id([str(pydicom.dcmread(file, stop_before_pixels=True).StudyInstanceUID)])


def push(orthanc: Orthanc, folder: Path) -> str:
    """Upload all images; the study's hash."""
    for file in sorted(folder.rglob("*.dcm")):
        orthanc.upload(file)
    return hash_of(folder)
