"""Who was examined, in words to print on pictures and reports where the user asked for it."""

from __future__ import annotations

import unicodedata

import pydicom
from pydicom.dataset import Dataset

from gluteal_grade.errors import GradeError
from gluteal_grade.io.elements import raw, text
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.quiet import quiet_pydicom
from gluteal_grade.io.study import Study

LONGEST = 64
_WANTED = ["SpecificCharacterSet", "PatientName", "PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber"]


def identity_of(study: Study) -> tuple[str, ...]:
    """Name, ID, birth date, study date, accession number: a line each, from the first image that can be read.

    Args:
        study: as discovery found it.

    Returns:
        empty for NIfTI and for headers that say nothing. Lines hold printable characters only, `LONGEST` at most.
    """
    for file in study.files:
        if isinstance(file, FileRef) and (lines := _lines(file)):
            return lines
    return ()


def _lines(file: FileRef) -> tuple[str, ...]:
    try:
        with file.open() as stream, quiet_pydicom():
            data = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=_WANTED)
            return _words(data)
    except (GradeError, MemoryError):
        raise
    except Exception:  # damaged headers raise anything; NIfTI is no DICOM
        return ()


def _words(data: Dataset) -> tuple[str, ...]:
    name = raw(data, "PatientName")
    shown = str(name).split("=")[0].replace("^", " ").strip() if name is not None else ""
    told = (
        _clean(shown),
        _told("ID", text(data, "PatientID")),
        _told("born", _date(text(data, "PatientBirthDate"))),
        _told("examined", _date(text(data, "StudyDate"))),
        _told("accession", text(data, "AccessionNumber")),
    )
    return tuple(line for line in told if line)


def _told(word: str, value: str) -> str:
    return _clean(f"{word} {value}") if _clean(value) else ""


def _date(value: str) -> str:
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}" if len(value) == 8 and value.isdigit() else value


def _clean(value: str) -> str:
    return "".join(c for c in " ".join(value.split()) if unicodedata.category(c)[0] != "C")[:LONGEST]
