"""An Orthanc with a few small phantom studies in it, one for all tests that only ask and fetch."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import UID, CTImageStorage

from gluteal_grade.pacs.config import PacsSettings, PeerSettings, QuerySettings, RetrySettings, WebSettings
from gluteal_grade_lab.orthanc import Orthanc, free_port
from tests.scratch import kept_folder
from tests.visits import phantom_visit

_PRESENTATION = "1.2.840.10008.5.1.4.1.1.11.1"
_RAW = "1.2.840.10008.5.1.4.1.1.66"
ISSUER = "Klinik"


@dataclass(frozen=True)
class Made:
    """A study that was uploaded: its images (not the presentation state) by SOPInstanceUID."""

    uid: str
    files: dict[str, Path]


@functools.cache
def phantom_files() -> tuple[Path, ...]:
    """Two series of 11 small MR images."""
    return tuple(sorted((phantom_visit(8.0, 24.0) / "dicom").rglob("*.dcm")))


def make(folder: Path, name: str, files: int = 6, **tags: Any) -> Made:
    """A copy of the phantom as another study: `files` images, split between its two series."""
    folder.mkdir(parents=True, exist_ok=True)
    all_files = phantom_files()
    half = len(all_files) // 2
    chosen = [*all_files[: files // 2], *all_files[half : half + files - files // 2]]
    made: dict[str, Path] = {}
    for number, source in enumerate(chosen):
        data = dcmread(source)
        data.StudyInstanceUID = f"2.25.77{_number(name)}"
        data.SeriesInstanceUID = f"{data.StudyInstanceUID}.{1 + number // max(1, files // 2)}"
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = UID(f"{data.SeriesInstanceUID}.{number + 1}")
        data.PatientName = f"Muster^{name}"
        _set(data, tags)
        path = folder / f"{name}-{number:03d}.dcm"
        data.save_as(path, enforce_file_format=True)
        made[str(data.SOPInstanceUID)] = path
    return Made(str(data.StudyInstanceUID), made)


def _number(name: str) -> int:
    return int.from_bytes(name.encode(), "big") % 10**12


def _set(data: Dataset, tags: dict[str, Any]) -> None:
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    if tags.get("Modality") == "CT":
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CTImageStorage


def object_of(made: Made, path: Path, sop_class: str = _PRESENTATION, modality: str = "PR", series: str = "9") -> Path:
    """A non-image object of a study."""
    data = dcmread(next(iter(made.files.values())))
    del data.PixelData
    data.Modality = modality
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    data.SeriesInstanceUID = f"{made.uid}.{series}"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = UID(f"{made.uid}.{series}.99")
    data.save_as(path, enforce_file_format=True)
    return path


@dataclass(frozen=True)
class Archive:
    orthanc: Orthanc
    studies: dict[str, Made]
    folder: Path
    move_port: int

    def settings(self, **more: Any) -> PacsSettings:
        return settings_for(self.orthanc, self.folder / "out", self.move_port, **more)


@functools.cache
def archive() -> Archive:
    """Started once; stopped when Python ends."""
    folder = kept_folder("gg-archive-")
    make_in = functools.partial(make, folder / "dicom")
    studies = {
        "now": make_in("now", PatientID="P1", IssuerOfPatientID=ISSUER, StudyDate="20240510", StudyDescription="MR PELVIS nativ"),
        "before": make_in("before", 4, PatientID="P1", IssuerOfPatientID=ISSUER, StudyDate="20230105", StudyDescription="Pelvis control"),
        "long_before": make_in(
            "longbefore", 2, PatientID="P1", IssuerOfPatientID=ISSUER, StudyDate="20200229", StudyDescription="MR Hip right"
        ),
        "brain": make_in(
            "brain", 2, PatientID="P1", IssuerOfPatientID=ISSUER, StudyDate="20220101", StudyDescription="MR Brain", BodyPartExamined="HEAD"
        ),
        "namesake": make_in("namesake", 2, PatientID="P1", IssuerOfPatientID="Praxis", StudyDate="20210101", StudyDescription="MR Pelvis"),
        "ct": make_in(
            "ct", 4, PatientID="P2", StudyDate="20240510", StudyDescription="CT Hüfte, rechts", Modality="CT", BodyPartExamined="HIP"
        ),
        "star": make_in("star", 2, PatientID="P*", StudyDate="20240512", StudyDescription="MR pelvis"),
        "late": make_in("late", 2, PatientID="P4", StudyDate="20240511", StudyDescription="Pelvis MRI"),
        "xray": make_in("xray", 2, PatientID="P5", StudyDate="20240510", StudyDescription="Pelvis a.p.", Modality="CR"),
    }
    object_of(studies["now"], folder / "dicom" / "now-pr.dcm")
    object_of(studies["now"], folder / "dicom" / "now-raw.dcm", _RAW, "MR", "1")
    move_port = free_port()
    peers = {"ours": ("GLUTEAL_GRADE", "127.0.0.1", move_port)}
    orthanc = Orthanc(folder / "orthanc", modalities=peers)
    orthanc.start()
    orthanc.upload(folder / "dicom")
    return Archive(orthanc, studies, folder, move_port)


def settings_for(orthanc: Orthanc, out: Path, move_port: int | None = None, **more: Any) -> PacsSettings:
    """Settings that talk to this Orthanc both ways."""
    # fewer patterns than by default: each is asked for twice a modality
    query = {"move_port": move_port, "descriptions": ("*pelvis*", "*hip*", "*hüfte*"), **more.pop("query", {})}
    peer = {"ae_title": "ORTHANC", "host": "127.0.0.1", "port": orthanc.dicom_port, "timeout_s": 10.0, **more.pop("peer", {})}
    web = {"url": orthanc.dicomweb_url, "timeout_s": 10.0, **more.pop("web", {})}
    return PacsSettings(
        pacs=PeerSettings(**peer),
        web=WebSettings(**web),
        query=QuerySettings(**query),
        retry=RetrySettings(attempts=3, first_s=0.05, factor=1.0),
        out=out,
        **more,
    )
