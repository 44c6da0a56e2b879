"""Measured fat of the muscles that readers graded: from the tables of an output folder, or from the program's rows of the ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from gluteal_grade.cohort import read_columns
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report import MUSCLES, places
from gluteal_grade.review.agreement import Ratings
from gluteal_grade.review.agreement.scales import FAT_FRACTION, FAT_FRACTION_CORE
from gluteal_grade.review.model import PROGRAM
from gluteal_grade.vocabulary import Region

Unit = tuple[str, str, str]  # study, muscle, side
_KEY = ("study", "muscle", "side")
_NUMBERS = ("fat_fraction", "fat_fraction_core", "fat_area_fraction", "fat_area_fraction_core", "ct_lean_share")
_NEEDED = (*_KEY, "region", "status", "fat_fraction")


@dataclass(frozen=True)
class Measured:
    """One muscle: its quantities by the names of `Profile.measure` (NaN: none), status and method (empty: not told)."""

    values: Mapping[str, float] = field(default_factory=dict)
    status: str = ""
    method: str = ""


@dataclass(frozen=True)
class Fractions:
    """Of many muscles.

    Attributes:
        muscles: by study, muscle and side.
        source: where they are from, in words.
        patients: pseudonym by study, where one is known: studies of one patient are drawn and kept back together.
    """

    muscles: Mapping[Unit, Measured]
    source: str
    patients: Mapping[str, str] = field(default_factory=dict)


def fractions_of_folder(out: Path) -> Fractions:
    """Of `cohort.csv`, or where there is none of the `muscles.csv` of each study; patients of `studies.csv`, where it is there.

    Raises:
        RefusedInput: `input_not_found`: no such folder; `no_results`: no such table, or it cannot be read; `study_twice`: a muscle
            stands in it twice.
    """
    if not out.is_dir():
        raise RefusedInput(Reason.INPUT_NOT_FOUND, "no such folder")
    paths = [out / "cohort.csv"] if (out / "cohort.csv").exists() else [p for one in places(out) if (p := one.find(out, MUSCLES)).exists()]
    if not paths:
        raise RefusedInput(Reason.NO_RESULTS, "neither cohort.csv nor a study's muscles.csv is in the folder")
    wanted = {*_NEEDED, *_NUMBERS, "method"}
    table = pd.concat([read_columns(path, wanted, _NEEDED) for path in paths], ignore_index=True)
    table = table[table["region"] == Region.WHOLE.value]
    if table.duplicated(subset=list(_KEY)).any():
        raise RefusedInput(Reason.STUDY_TWICE, "a muscle of one study stands twice in the tables")
    for name in _NUMBERS:
        table[name] = pd.to_numeric(table[name], errors="coerce") if name in table else float("nan")
    table["ct_non_functional_share"] = 1 - table.pop("ct_lean_share")
    names = (*_NUMBERS[:-1], "ct_non_functional_share")
    methods = table["method"] if "method" in table else [""] * len(table)
    rows = zip(*(table[name] for name in _KEY), table["status"], methods, *(table[name] for name in names), strict=True)
    muscles = {(r[0], r[1], r[2]): Measured(dict(zip(names, map(float, r[5:]), strict=True)), r[3], r[4]) for r in rows}
    return Fractions(muscles, paths[0].name, _patients(out / "studies.csv"))


def _patients(path: Path) -> dict[str, str]:
    """Pseudonyms by study; none without such a table."""
    if not path.exists():
        return {}
    table = read_columns(path, {"study", "patient"}, ("study",))
    told = table["patient"] if "patient" in table else [""] * len(table)
    return {study: patient for study, patient in zip(table["study"], told, strict=True) if patient and patient.lower() != "nan"}


def fractions_of_ratings(ratings: Ratings) -> Fractions:
    """Of the program's own rows, which the review app exports beside the readers'."""
    found: dict[Unit, dict[str, float]] = {}
    for scale in ratings.scales:
        if scale.scale.name not in (FAT_FRACTION, FAT_FRACTION_CORE):
            continue
        for column, rater in enumerate(scale.raters):
            if rater.reader != PROGRAM:
                continue
            for study, muscle, side, value in zip(scale.study, scale.muscle, scale.side, scale.values[:, column], strict=True):
                found.setdefault((ratings.names[study], str(muscle), str(side)), {}).setdefault(scale.scale.name, float(value))
    return Fractions({unit: Measured(values) for unit, values in found.items()}, "the program's rows of the ratings")
