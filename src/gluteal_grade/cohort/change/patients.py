"""Which studies are of one patient, and when they were."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report import RESULT, place_at

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NEEDED = ("patient", "days", "folder")


@dataclass(frozen=True)
class PatientStudy:
    """One study of one patient.

    Attributes:
        patient: pseudonym.
        days: since the patient's first study; NaN if not known.
        path: `result.json`, or the folder that holds it.
    """

    patient: str
    days: float
    path: Path


def from_studies_csv(out: Path) -> tuple[PatientStudy, ...]:
    """Studies of `OUT/studies.csv` that name a patient and a folder; of its columns `patient`, `days` and `folder` are read.

    Raises:
        RefusedInput: `no_results`: no such file, or a column is missing.
    """
    path = out / "studies.csv"
    if not path.is_file():
        raise RefusedInput(Reason.NO_RESULTS, "the folder holds no studies.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if missing := [name for name in _NEEDED if name not in (reader.fieldnames or ())]:
            raise RefusedInput(Reason.NO_RESULTS, f"studies.csv has no column {', '.join(missing)}")
        return tuple(
            PatientStudy(r["patient"], _days(r["days"]), place_at(r["folder"]).find(out, RESULT))
            for r in reader
            if r["patient"] and r["folder"]
        )


def by_patient(studies: Iterable[PatientStudy]) -> Iterator[tuple[str, tuple[PatientStudy, ...]]]:
    """Patients in order of their pseudonyms, each with all studies in order of time; those without days last."""
    ordered = sorted(studies, key=lambda s: (s.patient, math.isnan(s.days), s.days, str(s.path)))
    for patient, own in groupby(ordered, key=lambda s: s.patient):
        yield patient, tuple(own)


def picture_name(patient: str) -> str:
    """File name for a pseudonym: itself where that is a plain word, else a hash of it, so that no name leaves the folder."""
    return f"{patient if _PLAIN.fullmatch(patient) else hashlib.sha256(patient.encode()).hexdigest()[:12]}.png"


def _days(text: str | None) -> float:
    try:
        days = float(text or "nan")
    except ValueError:
        return math.nan
    return days if math.isfinite(days) else math.nan
