"""A reader's file taken in: copied up to a limit, unpacked if it is a zip, checked before it is kept. Its name is not used.

Headers first, so that no claim of a file costs memory. What only the images can tell (a map on another series than the one shown, the
pixels of a segmentation) is found when it is measured.
"""

from __future__ import annotations

import hashlib
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO
from zipfile import ZipInfo

import numpy as np
import pydicom

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure, not_writable
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io import HEAD_BYTES, FileType, Series, Study, open_member, quiet_pydicom, read_header, safe_members, single, sniff, text
from gluteal_grade.report import Place
from gluteal_grade.result import SeriesReport, StudyResult
from gluteal_grade.review.correction import UPLOAD_LIMIT, UPLOADS, Correction, CorrectionState, Table, now
from gluteal_grade.review.database import FOLDER, Database
from gluteal_grade.review.origin import result_of
from gluteal_grade.segmentation import OWN_NUMBERING, LabelMapSegmenter, is_seg, load_numbering, open_seg, parts_of
from gluteal_grade.vocabulary import SeriesKind, StudyFile

_UNPACKED_LIMIT = 2 << 30  # bytes of a file in a zip
_BLOCK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_SIDE_FILES = ("__macosx/", ".ds_store", "thumbs.db")
_DEFLATED = "1.2.840.10008.1.2.1.99"  # unpacks to any size before a single element is read


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


def check_nifti(path: Path, result: StudyResult, place: Place, out: Path) -> None:
    """Refuse what `grade --labels` would refuse.

    Raises:
        RefusedInput: `labels_unreadable`, `labels_not_integer`, `labels_numbering`, `labels_empty`, `labels_geometry`.
    """
    try:
        header = read_header(path)
    except RefusedInput as error:
        raise RefusedInput(Reason.LABELS_UNREADABLE, f"{error.reason.value}: {error.detail}") from error
    shapes = {tuple(sorted(one.shape)) for one in result.series if one.shape}
    if tuple(sorted(header.grid.shape)) not in shapes:
        sizes = ", ".join(dict.fromkeys("x".join(map(str, one.shape)) for one in result.series if one.shape))
        raise RefusedInput(Reason.LABELS_GEOMETRY, f"the labels are {'x'.join(map(str, header.grid.shape))} voxels, the series: {sizes}")
    shown = _shown(result, place, out)
    spacing = tuple(sorted(round(mm, 2) for mm in header.grid.spacing_mm))
    on_other = shown is None or any(one.shape != shown.shape and _could_hold(one, header.grid.shape, spacing) for one in result.series)
    segmenter = LabelMapSegmenter(path, load_numbering(OWN_NUMBERING), OWN_NUMBERING, assumed=True)
    series = Series("shown", SeriesKind.OTHER, "", _nothing, grid=shown or _grid_of(header.grid))
    try:
        segmenter.segment(Study(result.study, (series,)), ())
    except RefusedInput as error:
        if error.reason is not Reason.LABELS_GEOMETRY or not on_other:
            raise


def check_seg(path: Path, result: StudyResult) -> None:
    """The same for a DICOM Segmentation, as far as its header tells.

    Raises:
        RefusedInput: `labels_unreadable`, `labels_numbering`, `labels_geometry`.
    """
    try:
        with quiet_pydicom():
            syntax = text(pydicom.filereader.read_file_meta_info(path), "TransferSyntaxUID")
    except Exception as error:  # damaged files raise anything
        raise RefusedInput(Reason.LABELS_UNREADABLE, f"DICOM: {type(error).__name__} in the header") from error
    if syntax == _DEFLATED:
        raise RefusedInput(Reason.LABELS_UNREADABLE, "a deflated DICOM file; save it uncompressed")
    if not is_seg(path):
        raise RefusedInput(Reason.LABELS_UNREADABLE, "a DICOM object that is no segmentation")
    seg = open_seg(path)
    parts_of(seg.segments)
    planes = {tuple(sorted(pair)) for one in result.series if one.shape for pair in _planes(one.shape)}
    if any(tuple(sorted(frame.shape)) not in planes for frame in seg.frames):
        raise RefusedInput(Reason.LABELS_GEOMETRY, f"frames of {'x'.join(map(str, seg.shape))} pixels fit no series of this study")


def _planes(shape: tuple[int, int, int]) -> tuple[tuple[int, int], ...]:
    return (shape[0], shape[1]), (shape[0], shape[2]), (shape[1], shape[2])


def _shown(result: StudyResult, place: Place, out: Path) -> Grid | None:
    """The grid of the labels that were shown; None where there are none."""
    path = place.find(out, StudyFile.LABELS)
    return _grid_of(read_header(path).grid) if path.is_file() and result.refusal is None else None


def _grid_of(stored: Grid) -> Grid:
    """In RAS+ order, as `read_volume` gives it."""
    # one byte, shown as often as the grid has voxels: no memory is taken
    return Volume(np.broadcast_to(np.uint8(0), stored.shape), stored.affine).to_ras().grid


def _could_hold(series: SeriesReport, shape: tuple[int, ...], spacing: tuple[float, ...]) -> bool:
    if series.shape is None or series.spacing_mm is None:
        return False
    return sorted(series.shape) == sorted(shape) and tuple(sorted(round(mm, 2) for mm in series.spacing_mm)) == spacing


def _nothing() -> Volume:
    raise RefusedInput(Reason.IMAGES_NOT_FOUND)
