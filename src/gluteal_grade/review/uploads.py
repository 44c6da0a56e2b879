"""A reader's file taken in: copied up to a limit, unpacked if it is a zip, checked before it is kept. Its name is not used."""

from __future__ import annotations

import hashlib
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO
from zipfile import ZipInfo

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure, not_writable
from gluteal_grade.io import HEAD_BYTES, FileType, open_member, safe_members, single, sniff
from gluteal_grade.report import Place
from gluteal_grade.result import StudyResult
from gluteal_grade.review.correction import UPLOADS, Correction, CorrectionState, Table, now
from gluteal_grade.review.database import FOLDER, Database
from gluteal_grade.review.labelcheck import check_nifti, check_seg
from gluteal_grade.review.origin import result_of

UPLOAD_LIMIT = 256 << 20  # bytes
_UNPACKED_LIMIT = 2 << 30  # bytes of a file in a zip
_BLOCK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_SIDE_FILES = ("__macosx/", ".ds_store", "thumbs.db")


def accept_upload(out: Path, study: str, source: BinaryIO | Path, limit: int = UPLOAD_LIMIT) -> Correction:
    """Check and store a label map: NIfTI, DICOM SEG, or a zip of one (told by content; no name is asked for).

    It waits then to be measured; `Corrections.submit` says that it is there.

    Args:
        out: the output folder.
        study: hash of one of its results.
        source: the file, or a stream of it.
        limit: bytes that are taken at most.

    Raises:
        RefusedInput: `upload_too_large`, `study_not_found`, `empty_file`, `unsafe_zip`, `unreadable_zip`, `labels_unreadable`,
            `labels_not_integer`, `labels_numbering`, `labels_empty`, `labels_geometry`.
        TransientFailure: `output_not_writable`, `read_failed`.
    """
    place, result = result_of(out, study)
    folder = out / FOLDER / UPLOADS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(error) from error
    name = str(uuid.uuid4())
    with _scratch(folder, name) as given, _scratch(folder, name) as unpacked:
        _copied(source, given, limit)
        kept = _unzipped(given, unpacked) if _kind(given) is FileType.ZIP else given
        ending = _checked(kept, result, place, out)
        with kept.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        correction = Correction(name, study, now(), sha256, CorrectionState.WAITING)
        final = folder / f"{name}{ending}"
        database = Database(out)
        try:
            kept.replace(final)
            Table(database).put(correction, final.name)
        except OSError as error:
            raise not_writable(error) from error
        except TransientFailure:
            final.unlink(missing_ok=True)
            raise
        finally:
            database.close()
    return correction


@contextmanager
def _scratch(folder: Path, name: str) -> Iterator[Path]:
    path = folder / f".{name}.{uuid.uuid4().hex[:8]}.partial"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _copied(source: BinaryIO | Path, target: Path, limit: int) -> None:
    if isinstance(source, Path):
        with single(source).open() as stream:
            _copied(stream, target, limit)
        return
    if not _copy(source, target, limit):
        raise RefusedInput(Reason.UPLOAD_TOO_LARGE, f"more than {limit >> 20} MiB")


def _copy(stream: IO[bytes], target: Path, limit: int) -> bool:
    """False where there is more than the limit."""
    size = 0
    try:
        with target.open("wb") as copy:
            while block := stream.read(_BLOCK):
                size += len(block)
                if size > limit:
                    return False
                copy.write(block)
    except OSError as error:
        raise not_writable(error) from error
    if not size:
        raise RefusedInput(Reason.EMPTY_FILE)
    return True


def _kind(path: Path) -> FileType:
    return sniff("", single(path).head(HEAD_BYTES))


def _unzipped(path: Path, target: Path) -> Path:
    """The one file in a zip."""
    members = [info for info in safe_members(path) if not info.filename.lower().startswith(_SIDE_FILES)]
    if any(_is_link(info) for info in members):
        raise RefusedInput(Reason.UNSAFE_ZIP, "a link in the zip")
    if len(members) != 1:
        raise RefusedInput(Reason.LABELS_UNREADABLE, f"the zip holds {len(members) or 'no'} files, one label map is needed")
    if members[0].file_size > _UNPACKED_LIMIT:
        raise RefusedInput(Reason.UNSAFE_ZIP, f"a file of {members[0].file_size >> 20} MiB in the zip")
    with open_member(path, members[0].filename) as stream:
        if not _copy(stream, target, _UNPACKED_LIMIT):
            raise RefusedInput(Reason.UNSAFE_ZIP, "a file in the zip is larger than the zip says")
    if _kind(target) is FileType.ZIP:
        raise RefusedInput(Reason.UNSAFE_ZIP, "a zip in the zip")
    return target


def _is_link(info: ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _checked(path: Path, result: StudyResult, place: Place, out: Path) -> str:
    """The ending of its name, if it is a label map of this study."""
    if _kind(path) is FileType.DICOM:
        check_seg(path, result)
        return ".dcm"
    check_nifti(path, result, place, out)
    return ".nii.gz" if single(path).head(2) == _GZIP_MAGIC else ".nii"
