"""Who was examined, and when: from a DICOM header or from `participants.tsv`."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

from gluteal_grade.io.elements import text
from gluteal_grade.io.study import Person

_AGE = re.compile(r"(\d{1,3})([DWMY])")
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}
SEXES = {"m": "M", "male": "M", "f": "F", "female": "F"}
OLDEST = 130


@dataclass(frozen=True)
class Participant:
    """One line of `participants.tsv`; None where it does not say."""

    sex: str | None
    age_years: float | None
    group: str | None


def person_of(data: Dataset) -> Person:
    """From a DICOM header (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2)."""
    date, born = _date(text(data, "StudyDate")), _date(text(data, "PatientBirthDate"))
    age = _age(text(data, "PatientAge"))
    if age is None and date and born and born <= date:
        age = sound_age(round((date - born).days / 365.25, 2))
    identity = text(data, "PatientID")
    issuer = text(data, "IssuerOfPatientID")
    return Person((f"{issuer}|{identity}" if issuer else identity) or None, age, None, date)


def parse_participants(content: bytes) -> dict[str, Participant]:
    """`participants.tsv` by participant (`sub-01`); a broken table is empty (BIDS 1.10, participants file)."""
    rows = [line.split("\t") for line in content.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "participant_id" not in header:
        return {}
    found = {}
    for row in rows[1:]:
        if len(row) != len(header):
            continue
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=True) if cell.strip() not in ("", "n/a")}
        if name := cells.get("participant_id"):
            sex = SEXES.get(cells.get("sex", cells.get("gender", "")).lower())
            found[name] = Participant(sex, number_of(cells.get("age", "")), cells.get("group"))
    return found


def number_of(text: str) -> float | None:
    """An age in years, None where the text is none."""
    try:
        return sound_age(float(text.strip().rstrip("+")))
    except ValueError:
        return None


def sound_age(years: float) -> float | None:
    """The age, None where it is impossible."""
    return years if math.isfinite(years) and 0 <= years <= OLDEST else None


def _date(value: str) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(value.replace(".", "")[:8], "%Y%m%d").date()
    except ValueError:
        return None


def _age(value: str) -> float | None:
    found = _AGE.fullmatch(value.strip().upper())
    return sound_age(round(int(found[1]) / _PER_YEAR[found[2]], 2)) if found else None
