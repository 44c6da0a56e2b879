"""The least that has to be read of a file to tell which study it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import pydicom

from gluteal_grade.errors import GradeError
from gluteal_grade.io import (
    HEAD_BYTES,
    FileRef,
    FileType,
    claims_to_be_image,
    classify,
    facts_from,
    parse_name,
    quiet_pydicom,
    shipped_rules,
    sniff,
    text,
)


@dataclass(frozen=True)
class FileHead:
    """What one file tells.

    Attributes:
        study: its StudyInstanceUID, or what stands for one; None where it is no DICOM object.
        damaged: it promises an image and cannot be read.
    """

    study: str | None = None
    damaged: bool = False


def head_of(file: FileRef) -> FileHead:
    """Look at the head of a file that is no NIfTI."""
    try:
        kind = sniff(file.basename, file.head(HEAD_BYTES))
        if kind is not FileType.DICOM:
            return FileHead(damaged=kind in (FileType.EMPTY, FileType.OTHER) and claims_to_be_image(file.basename))
        with quiet_pydicom(), file.open() as stream:
            data = pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=["StudyInstanceUID", "SOPClassUID"])
    except (GradeError, OSError):
        return FileHead(damaged=True)
    except MemoryError:
        raise
    except Exception:  # damaged files raise nearly every type
        return FileHead(damaged=True)
    uid = text(data, "StudyInstanceUID")
    if not uid and not text(data, "SOPClassUID") and not text(data.file_meta, "MediaStorageSOPClassUID"):
        return FileHead(damaged=True)
    return FileHead(uid or f"folder:{file.folder}")


def contrast_of_name(file: FileRef) -> str:
    """The contrast that a NIfTI file's name tells; ``"other"`` where it tells none."""
    return classify(facts_from(parse_name(file.name), {}, shipped_rules().bids))[0].value
