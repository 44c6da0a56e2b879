"""`studies.csv` and `refusals.csv`: the outcome of every input."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.cohort.columns import REFUSALS, STUDIES
from gluteal_grade.cohort.dictionary import write_dictionary
from gluteal_grade.cohort.outcome import outcome_of
from gluteal_grade.cohort.task import State
from gluteal_grade.errors import Reason, advice_for
from gluteal_grade.files import write_table
from gluteal_grade.report import RESULT, Place
from gluteal_grade.vocabulary import names

_STATES = {State.PARTLY.value: "partly_graded"}  # the name of result.json
Row = dict[str, object]


@dataclass(frozen=True)
class Story:
    """Rows of both tables, and the columns of manifests."""

    studies: tuple[Row, ...]
    refusals: tuple[Row, ...]
    extra: tuple[str, ...]


def story(out: Path, places: Sequence[Place], ledger_rows: Iterable[sqlite3.Row], doubtful: Mapping[str, int]) -> Story:
    """What became of every study.

    Args:
        out: the output folder.
        places: of all results.
        ledger_rows: see `Ledger.last_rows`; empty without a ledger.
        doubtful: muscles that need review, by study.
    """
    rows = [row for row in ledger_rows if row["state"] not in (State.WAITING, State.RUNNING)]
    known = {row["study"]: _study_row(row, doubtful) for row in rows if row["study"] and row["reason"] != Reason.STUDY_TWICE}
    by_folder = {row["folder"] for row in known.values()}
    for place in places:
        if place.folder not in by_folder:
            found = _row_of_result(out, place, doubtful)
            known.setdefault(str(found["study"]), found)
    days = _days(rows)
    studies = tuple({**known[study], "days": days.get(study, "")} for study in sorted(known))
    refusals = [_refusal_row(row) for row in rows if row["state"] in (State.REFUSED, State.FAILED)]
    told = {r["study"] for r in refusals}
    refusals += [_bare_refusal(s) for s in studies if s["state"] == State.REFUSED and s["study"] not in told]
    extra = dict.fromkeys(name for row in rows for name in json.loads(row["given"])["extra"])
    own = names(STUDIES)
    return Story(studies, tuple(refusals), tuple(name for name in extra if name not in own))


def write_story(out: Path, told: Story) -> None:
    """Write the two tables and their dictionaries."""
    write_table(out / "studies.csv", (*names(STUDIES), *told.extra), told.studies)
    write_dictionary(out / "studies.json", STUDIES, told.extra)
    write_table(out / "refusals.csv", names(REFUSALS), told.refusals)
    write_dictionary(out / "refusals.json", REFUSALS)


def _study_row(row: sqlite3.Row, doubtful: Mapping[str, int]) -> Row:
    given = json.loads(row["given"])
    return {
        **given["extra"],
        "study": row["study"],
        "source": row["source"],
        "state": _STATES.get(row["state"], row["state"]),
        "reason": row["reason"],
        "patient": row["patient"] or "",
        "sex": row["sex"] or "",
        "age": "" if row["age"] is None else f"{row['age']:g}",
        "group": row["people_group"] or "",
        "operated_side": given["operated_side"] or "",
        "method": row["method"],
        "automatic": "" if row["automatic"] is None else str(bool(row["automatic"])).lower(),
        "needs_review": doubtful.get(row["study"], 0),
        "folder": row["folder"],
        "input_hash": row["input_hash"],
        "config_hash": row["config_hash"],
        "model_hash": row["model_hash"],
        "version": row["version"],
    }


def _row_of_result(out: Path, place: Place, doubtful: Mapping[str, int]) -> Row:
    """Of a study that no ledger knows: graded one by one, or the ledger is gone."""
    result = json.loads(place.find(out, RESULT).read_text(encoding="utf-8"))
    outcome = outcome_of(result, place)
    made_by = result["provenance"]
    return {
        "study": outcome.study,
        "state": _STATES.get(outcome.state, outcome.state),
        "reason": outcome.reason,
        "method": outcome.method,
        "automatic": "" if outcome.automatic is None else str(outcome.automatic).lower(),
        "needs_review": doubtful.get(str(outcome.study), 0),
        "folder": outcome.folder,
        "input_hash": outcome.input_hash,
        "config_hash": made_by["config_hash"],
        "model_hash": made_by.get("model_hash") or "",
        "version": outcome.version,
    }


def _refusal_row(row: sqlite3.Row) -> Row:
    return {
        "source": row["source"],
        "study": row["study"] or "",
        "state": row["state"],
        "reason": row["reason"],
        "detail": row["detail"],
        "advice": advice_for(row["reason"]),
        "attempts": row["attempt"],
    }


def _bare_refusal(study: Mapping[str, object]) -> Row:
    return {
        "study": study["study"],
        "state": study["state"],
        "reason": study["reason"],
        "advice": advice_for(str(study["reason"])),
        "attempts": 1,
    }


def _days(rows: Sequence[sqlite3.Row]) -> dict[str, int]:
    """Days since the patient's first study, where dates are known."""
    dated = [(row["study"], row["patient"], row["day"]) for row in rows if row["study"] and row["patient"] and row["day"] is not None]
    first: dict[str, int] = {}
    for _, patient, day in dated:
        first[patient] = min(first.get(patient, day), day)
    return {study: day - first[patient] for study, patient, day in dated}
