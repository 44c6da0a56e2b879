"""What lies in the output of one study, read back: the ledger says what was done, this says what is there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Row
from typing import Any

from pydantic_core import from_json

from gluteal_grade.cohort.muscles import rows_of
from gluteal_grade.cohort.outcome import outcome_of
from gluteal_grade.cohort.task import Outcome, State
from gluteal_grade.errors import GradeError, Reason, TransientFailure
from gluteal_grade.report import RESULT, Place
from gluteal_grade.workflow import LABELS

GOOD = (State.GRADED, State.PARTLY)
_HALF_A_DIGIT = 0.51e-4  # `muscles.csv` holds fractions with four decimals


@dataclass(frozen=True)
class Stored:
    """A study's folder.

    Attributes:
        place: where it lies.
        outcome: what its `result.json` says; None where that cannot be read.
        config_hash, model_hash: what it was made with.
        damage: what is wrong with the folder, in words without patient data; empty where it is whole.
    """

    place: Place
    outcome: Outcome | None = None
    config_hash: str = ""
    model_hash: str = ""
    damage: str = ""

    @property
    def good(self) -> bool:
        """It holds grades, and all of it can be read."""
        return not self.damage and self.outcome is not None and self.outcome.state in GOOD

    @property
    def made_of(self) -> str:
        """Input and settings in one word, to tell one result of a study from another; empty where it is damaged."""
        return f"{self.outcome.input_hash}/{self.config_hash}" if self.outcome else ""

    def is_of(self, row: Row) -> bool:
        """It is what this row of the ledger was written for: the same input, settings, networks and end."""
        if self.damage or self.outcome is None:
            return False
        same = (self.outcome.study, self.outcome.state, self.made_of) == (row["study"], row["state"], made_of(row))
        by_labels_or_nobody = self.model_hash in (LABELS, "")
        return same and (by_labels_or_nobody or self.model_hash == row["model_hash"])


def made_of(row: Row) -> str:
    """As `Stored.made_of`, of a row of the ledger."""
    return f"{row['input_hash']}/{row['config_hash']}"


def read_stored(out: Path, place: Place) -> Stored:
    """Look at a study's folder.

    Raises:
        TransientFailure: `read_failed`: the disk does not give the file now; that is no damage.
    """
    try:
        text = place.find(out, RESULT).read_bytes()
    except FileNotFoundError:
        return Stored(place, damage="it holds no result.json")
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, f"{place.folder}: its result.json cannot be read") from error
    try:
        result = from_json(text)
        outcome, made_by = outcome_of(result, place), result["provenance"]
        found = Stored(place, outcome, made_by.get("config_hash") or "", made_by.get("model_hash") or "")
        muscles = result["muscles"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Stored(place, damage="its result.json is damaged")
    try:
        rows = rows_of(out, place)
    except GradeError as error:
        if isinstance(error, TransientFailure):
            raise
        return Stored(place, found.outcome, found.config_hash, found.model_hash, damage=error.detail)
    damage = "" if _tell_the_same(rows, muscles) else "its muscles.csv is damaged"
    return Stored(place, found.outcome, found.config_hash, found.model_hash, damage)


def _tell_the_same(rows: Sequence[Mapping[str, str]], muscles: Sequence[Mapping[str, Any]]) -> bool:
    """The table holds what `result.json` holds: it may have been cut at the end of a line."""
    try:
        return len(rows) == len(muscles) and all(_same(row, m) for row, m in zip(rows, muscles, strict=True))
    except (KeyError, TypeError, ValueError):
        return False


def _same(row: Mapping[str, str], muscle: Mapping[str, Any]) -> bool:
    if any(row[name] != muscle[name] for name in ("side", "muscle", "region", "status")):
        return False
    told, true = float(row["fat_fraction"]), muscle["fat_fraction"]
    true = math.nan if true is None else float(true)
    return (math.isnan(told) and math.isnan(true)) or abs(told - true) <= _HALF_A_DIGIT
