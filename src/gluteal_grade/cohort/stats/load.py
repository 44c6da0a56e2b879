"""`cohort.csv` and `studies.csv` of a cohort's folder as typed tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gluteal_grade.cohort.graded_fat import NUMBERS, add_graded
from gluteal_grade.cohort.own_tables import read_columns
from gluteal_grade.cohort.scales import scales_of_folder
from gluteal_grade.cohort.stats.options import FAT, LEAN
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.result import muscle_columns
from gluteal_grade.vocabulary import Scale, names

STUDY_COLUMNS = (
    "study", "state", "patient", "days", "sex", "age", "group", "operated_side",
    "method", "automatic", "config_hash", "model_hash", "version",
)  # fmt: skip
_KEY = ["study", "side", "muscle", "region"]
_UNKNOWN = {"", "nan", "na", "n/a", "<na>"}  # "none" may be a group: nobody operated


@dataclass(frozen=True)
class Tables:
    """Input.

    Attributes:
        muscles: rows of cohort.csv, and `fat_fraction_graded` and `lean_volume_graded_ml`; numbers as float, the rest as text.
        studies: rows of studies.csv, text; `days` and `age` float; `person`: the patient, or the study where no patient is known.
        scales: that the cohort was graded on.
        bad_numbers: values of `days` and `age` that are no number and so taken as unknown.
    """

    muscles: pd.DataFrame
    studies: pd.DataFrame
    scales: tuple[Scale, ...]
    bad_numbers: int = 0


def read_tables(folder: Path) -> Tables:
    """Read and check both tables.

    Raises:
        RefusedInput: `no_results` (a file or column is missing, unreadable, or nothing was graded), `study_twice`.
    """
    scales = scales_of_folder(folder)
    muscles = read_columns(folder / "cohort.csv", None, names(muscle_columns(scales)))
    studies = read_columns(folder / "studies.csv", None, STUDY_COLUMNS)
    if studies["study"].duplicated().any():
        raise RefusedInput(Reason.STUDY_TWICE, "studies.csv has two rows of one study")
    if muscles.duplicated(subset=_KEY).any():
        raise RefusedInput(Reason.STUDY_TWICE, "cohort.csv has two rows of one study, side, muscle and region")
    if not studies["state"].isin(["graded", "partly_graded"]).any() or muscles.empty:
        raise RefusedInput(Reason.NO_RESULTS, "no study of this folder was graded")
    for name in (*NUMBERS, "volume_ml", *(scale.key for scale in scales)):
        muscles[name] = pd.to_numeric(muscles[name], errors="coerce").astype(float)
    muscles = add_graded(muscles, fat=FAT, lean=LEAN)
    bad = 0
    for name in ("days", "age"):
        known = ~studies[name].map(is_unknown)
        studies[name] = pd.to_numeric(studies[name], errors="coerce").astype(float)
        bad += int((known & studies[name].isna()).sum())
    nobody = studies["patient"].map(is_unknown)
    # prefixes: a pseudonym may look like a study's hash
    studies["person"] = ("p:" + studies["patient"]).where(~nobody, "s:" + studies["study"])
    return Tables(muscles, studies, scales, bad)


def is_unknown(text: str) -> bool:
    """Empty, or one of the ways to write that a value is missing."""
    return text.strip().lower() in _UNKNOWN
