"""Where received images lie: `inbox/<study hash>/<instance hash>.dcm`, whole and on disk before the sender hears "success".

No patient data in names: both are hashes of UIDs. An image is written to `inbox/.incoming/`, flushed to the disk, and only then gets
its name; what a crash leaves in `.incoming/` is no image to anybody and is swept at the next start.

The same instance again: the first one stays. Equal bytes count as `again`; other bytes (another transfer syntax, a changed header)
as `differs`. Both are answered with success, or the sender would send for ever; DICOM forbids two contents under one UID (PS3.5 9).

But of another patient (name, ID, issuer, birth date or sex were corrected): the new one takes the place of the first, as `corrected`. Its
file name then ends in a hash of the patient, so that the set of images is another one and the study is worked on anew, also where its
images were deleted meanwhile: `.state/<study>.patient` remembers whose the first were.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import IO

from gluteal_grade import system
from gluteal_grade.errors import Reason, TransientFailure, not_writable
from gluteal_grade.io import study_id
from gluteal_grade.pacs.config import ReceiveSettings
from gluteal_grade.pacs.header import Identity, identity_of

IMAGE = ".dcm"
_GB = 1e9


class Outcome(StrEnum):
    """What became of one image."""

    NEW = "new"
    AGAIN = "again"
    DIFFERS = "differs"
    CORRECTED = "corrected"
    DISK_LOW = Reason.DISK_LOW.value  # too little space left
    NOT_WRITTEN = Reason.OUTPUT_NOT_WRITABLE.value  # the disk is full or broken
    TOO_MANY = "too_many_images"  # the study has max_images already
    MISMATCH = "uid_mismatch"  # command and data set name different instances
    UNREADABLE = Reason.UNREADABLE_DICOM.value  # no StudyInstanceUID to be found

    @property
    def status(self) -> int:
        """DIMSE status of the C-STORE response (PS3.4 B.2.3)."""
        return _STATUS.get(self, 0x0000)

    @property
    def stored(self) -> bool:
        """The inbox holds the image."""
        return self.status == 0


_STATUS = {
    Outcome.DISK_LOW: 0xA700,  # refused: out of resources
    Outcome.NOT_WRITTEN: 0xA700,
    Outcome.TOO_MANY: 0xA700,
    Outcome.MISMATCH: 0xA900,  # data set does not match
    Outcome.UNREADABLE: 0xC000,  # cannot understand
}


@dataclass(frozen=True)
class Stored:
    """What was done with one image; `study` is the hash, None if it is not known."""

    outcome: Outcome
    study: str | None
    size: int  # bytes of the data set


class Inbox:
    """The folder. One process at a time may store into it; any may read.

    Args:
        settings: folder and limits.

    Raises:
        TransientFailure: not writable, or another receiver uses it (output_in_use).
    """

    def __init__(self, settings: ReceiveSettings) -> None:
        self.folder = settings.inbox
        self._settings = settings
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._patients: dict[str, str] = {}
        self._incoming = self.folder / ".incoming"
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._claim: IO[bytes] = (self.folder / ".receiver").open("ab")
        except OSError as error:
            raise not_writable(error) from None
        try:
            held = system.lock(self._claim.fileno())
        except OSError:
            held = False
        if not held:
            self._claim.close()
            raise TransientFailure(Reason.OUTPUT_IN_USE, "another receiver stores into this inbox")
        for left in self._incoming.iterdir():
            left.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another receiver have it."""
        self._claim.close()

    def free_gb(self) -> float:
        """Space left on its disk, GB (10^9 bytes)."""
        return shutil.disk_usage(self.folder).free / _GB

    def store(self, said: tuple[str, str], found: Identity, meta: bytes, data: memoryview) -> Stored:
        """Keep one image; it raises for nothing that disks do.

        Args:
            said: SOP class and instance UID of the C-STORE command.
            found: those of the data set, and its study.
            meta: preamble and file meta information.
            data: the data set as it came.
        """
        if not found.study:
            return Stored(Outcome.UNREADABLE, None, len(data))
        study = study_id([found.study])
        if (found.sop_class, found.instance) != said:
            return Stored(Outcome.MISMATCH, study, len(data))
        try:
            name = self._name(study, found)
        except OSError:
            return Stored(Outcome.NOT_WRITTEN, study, len(data))
        return Stored(self._kept(study, name, meta, data), study, len(data))

    def remove(self, study: str, fingerprint: str) -> bool:
        """Delete the images of a study if they are still this set; False if one came meanwhile."""
        with self._lock:
            if fingerprint_of(images_in(self.folder / study)) != fingerprint:
                return False
            shutil.rmtree(self.folder / study, ignore_errors=True)
            self._counts.pop(study, None)
            return True

    def _name(self, study: str, found: Identity) -> str:
        """The image's own name; one of another patient than the study's first has a name of its own."""
        name = image_name(found.instance)
        if not found.patient:
            return name
        with self._lock:
            if study not in self._patients:
                self._patients[study] = _first_patient(self.folder, study, found.patient)
            first = self._patients[study]
        return name if first == found.patient else f"{name.removesuffix(IMAGE)}.{found.patient}{IMAGE}"

    def _kept(self, study: str, name: str, meta: bytes, data: memoryview) -> Outcome:
        target = self.folder / study / name
        try:
            if target.exists():
                return _compared(target, meta, data)
            if self.free_gb() - len(data) / _GB < self._settings.min_free_gb:
                return Outcome.DISK_LOW
            if self._count(study) >= self._settings.max_images and not _others(target):
                return Outcome.TOO_MANY
            part = self._incoming / f"{study}-{name}-{threading.get_ident()}"
            try:
                system.write_through(part, (meta, data))
                return self._named(part, study, target, meta, data)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            return Outcome.DISK_LOW if error.errno in (errno.ENOSPC, errno.EDQUOT) else Outcome.NOT_WRITTEN

    def _named(self, part: Path, study: str, target: Path, meta: bytes, data: memoryview) -> Outcome:
        with self._lock:  # one instance may come over two associations at once, and a study may be removed just now
            if not target.parent.is_dir():
                target.parent.mkdir()
                system.flush_folder(self.folder)
            if target.exists():
                return _compared(target, meta, data)
            former = _others(target)
            if self._counted(study) >= self._settings.max_images and not former:
                return Outcome.TOO_MANY
            part.rename(target)
            for path in former:
                path.unlink(missing_ok=True)
            self._counts[study] = self._counted(study) + 1 - len(former)
        system.flush_folder(target.parent)
        return Outcome.CORRECTED if former else Outcome.NEW

    def _count(self, study: str) -> int:
        with self._lock:
            return self._counted(study)

    def _counted(self, study: str) -> int:
        if study not in self._counts:
            self._counts[study] = len(images_in(self.folder / study))
        return self._counts[study]


def stored_image(folder: Path, instance: str) -> Path | None:
    """Where the image with this SOPInstanceUID lies in a study's folder, whoever's it is; None if it does not."""
    path = folder / image_name(instance)
    return path if path.exists() else next(iter(_others(path)), None)


def _others(path: Path) -> list[Path]:
    """The same instance under another patient."""
    stem = path.name.split(".")[0]
    return [other for other in (path.with_name(stem + IMAGE), *path.parent.glob(f"{stem}.*{IMAGE}")) if other != path and other.exists()]


def _first_patient(inbox: Path, study: str, patient: str) -> str:
    """Whose the study's images were when they first came; from now on that is known."""
    path = inbox / ".state" / f"{study}.patient"
    with suppress(FileNotFoundError):
        if found := path.read_text(encoding="ascii").strip():
            return found
    # of an inbox that did not know it: the images that are there
    first = next((inbox / study / name for name in images_in(inbox / study)), None)
    found = (_patient_of(first) if first is not None else "") or patient
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(found, encoding="ascii", newline="\n")
    part.rename(path)
    return found


def _patient_of(path: Path) -> str:
    """Of an image that lies there; empty where it cannot be told."""
    from pydicom.filereader import read_file_meta_info

    try:
        meta = read_file_meta_info(path)
        with path.open("rb") as stream:
            stream.seek(144 + int(meta.FileMetaInformationGroupLength))
            return identity_of(BytesIO(stream.read()), str(meta.TransferSyntaxUID)).patient
    except MemoryError:
        raise
    except Exception:  # damaged
        return ""


def image_name(instance: str) -> str:
    """File name of the image with this SOPInstanceUID."""
    return hashlib.sha256(instance.encode()).hexdigest()[:32] + IMAGE


def fingerprint_of(names: list[str]) -> str:
    """16 hex digits of a set of images."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]


def images_in(folder: Path) -> list[str]:
    """Names of a study's images, sorted; none if there is no such folder."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name.endswith(IMAGE))
    return []


def studies_in(folder: Path) -> list[str]:
    """Hashes of the studies in an inbox, sorted."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    return []


def _compared(path: Path, meta: bytes, data: memoryview) -> Outcome:
    if path.stat().st_size != len(meta) + len(data):
        return Outcome.DIFFERS
    with path.open("rb") as stream:
        same = stream.read(len(meta)) == meta
        at = 0
        while same and at < len(data):
            block = stream.read(1 << 20)
            same = block == data[at : at + len(block)] and bool(block)
            at += len(block)
    return Outcome.AGAIN if same else Outcome.DIFFERS
