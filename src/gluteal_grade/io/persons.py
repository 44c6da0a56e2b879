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
_METRES, _CENTIMETRES, _KILOGRAMS = (0.3, 2.6), (30.0, 260.0), (1.0, 400.0)  # what a body may be
HEIGHT, WEIGHT, LEAN = ("height_m", "height_cm", "height"), ("weight_kg", "weight"), ("lean_mass_kg", "lean_kg", "lean_mass")


@dataclass(frozen=True)
class Participant:
    """One line of `participants.tsv`; None where it does not say."""

    sex: str | None
    age_years: float | None
    group: str | None
    height_m: float | None = None
    weight_kg: float | None = None
    lean_kg: float | None = None


def person_of(data: Dataset) -> Person:
    """From a DICOM header (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2)."""
    date, born = _date(text(data, "StudyDate")), _date(text(data, "PatientBirthDate"))
    age = _age(text(data, "PatientAge"))
    if age is None and date and born and born <= date:
        age = sound_age(round((date - born).days / 365.25, 2))
    identity = text(data, "PatientID")
    issuer = text(data, "IssuerOfPatientID")
    return Person(
        (f"{issuer}|{identity}" if issuer else identity) or None,
        age,
        None,
        date,
        height_m=height_of(text(data, "PatientSize")),
        weight_kg=mass_of(text(data, "PatientWeight")),
    )


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
            height, weight, lean = (next((cells[c] for c in names if c in cells), "") for names in (HEIGHT, WEIGHT, LEAN))
            found[name] = Participant(
                *(sex, number_of(cells.get("age", "")), cells.get("group")), height_of(height), mass_of(weight), mass_of(lean)
            )
    return found


def number_of(text: str) -> float | None:
    """An age in years, None where the text is none."""
    try:
        return sound_age(float(text.strip().rstrip("+")))
    except ValueError:
        return None


def height_of(text: str) -> float | None:
    """A height in metres; what can only be centimetres is taken for them; None where it is no height of a person."""
    value = _number(text)
    if _METRES[0] <= value <= _METRES[1]:
        return value
    return round(value / 100, 4) if _CENTIMETRES[0] <= value <= _CENTIMETRES[1] else None


def mass_of(text: str) -> float | None:
    """A mass in kg, None where it is none of a person."""
    value = _number(text)
    return value if _KILOGRAMS[0] <= value <= _KILOGRAMS[1] else None


def _number(text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        return math.nan


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
