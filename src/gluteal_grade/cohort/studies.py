"""`studies.csv` and `refusals.csv`: the outcome of every input, as the ledger and the results that lie there tell it together.

The three tables agree: a study has rows in `cohort.csv` if and only if `studies.csv` calls it graded, in full or in part. What it calls
anything else stands in `refusals.csv` with the same state and reason.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gluteal_grade.cohort.columns import BODY, REFUSALS, STUDIES, WITHDRAWN
from gluteal_grade.cohort.dictionary import write_dictionary
from gluteal_grade.cohort.ledger import Earlier
from gluteal_grade.cohort.stored import GOOD, Stored, made_of
from gluteal_grade.cohort.task import State
from gluteal_grade.errors import Reason, advice_for
from gluteal_grade.files import write_table
from gluteal_grade.report import Place
from gluteal_grade.vocabulary import names

_STATES = {State.PARTLY.value: "partly_graded"}  # the name of result.json
Row = dict[str, object]


@dataclass(frozen=True)
class Story:
    """Rows of both tables.

    Attributes:
        studies, refusals: their rows; `needs_review` is added when they are written.
        extra: columns of manifests.
        places: results whose muscles belong to `cohort.csv`.
    """

    studies: tuple[Row, ...]
    refusals: tuple[Row, ...]
    extra: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def withdrawn(self) -> int:
        """Studies that are kept out because their input is gone."""
        return sum(row["state"] == WITHDRAWN for row in self.studies)


@dataclass
class _Telling:
    """The tables while they are made."""

    studies: dict[str, Row] = field(default_factory=dict)
    refusals: list[Row] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def graded(self, study: str, row: Row, place: Place) -> None:
        self.studies[study] = row
        self.places.append(place)

    def left_out(self, study: str, row: Row, end: tuple[str, Reason, str], attempts: int = 1) -> None:
        """A study without numbers in the tables: state, reason and detail that no ledger holds."""
        state, reason, detail = end
        self.studies[study] = {**row, "state": state, "reason": reason, "folder": ""}
        told = {"source": row.get("source", ""), "study": study, "state": state, "reason": reason, "detail": detail}
        self.refusals.append({**told, "advice": advice_for(reason), "attempts": attempts})


@dataclass(frozen=True)
class _There:
    """What lies in the output, by study and by folder: looked up for each study, never searched."""

    by_study: Mapping[str, Sequence[Stored]]
    damaged: Mapping[str, Stored]

    @classmethod
    def of(cls, found: Sequence[Stored]) -> _There:
        by_study: dict[str, list[Stored]] = defaultdict(list)
        damaged: dict[str, Stored] = {}
        for one in found:
            if one.outcome is not None and one.outcome.study:
                by_study[one.outcome.study].append(one)
            if one.damage:
                damaged.setdefault(one.place.folder, one)
        return cls(by_study, damaged)


def story(found: Sequence[Stored], rows: Iterable[sqlite3.Row], before: Mapping[str, Mapping[str, Earlier]]) -> Story:
    """What became of every study.

    Args:
        found: what lies in the output.
        rows: see `Ledger.last_rows`; empty without a ledger.
        before: see `Ledger.graded_before`; empty without a ledger.
    """
    ended = [row for row in rows if row["state"] not in (State.WAITING, State.RUNNING)]
    by_study = _by_study(ended, found)
    telling = _Telling(refusals=[_refusal_row(row) for row in ended if row["study"] is None or row["reason"] == Reason.STUDY_TWICE])
    there = _There.of(found)
    told = {study: _told(telling, study, own, there, before.get(study, {})) for study, own in by_study.items()}
    for study, own in by_study.items():
        telling.refusals += _other_places(telling.studies[study], own)
    used = {place for place in told.values() if place is not None}
    for one in sorted(found, key=lambda s: s.place.folder):
        if one.place.folder not in used and _study_of(one) not in telling.studies:  # an old result of a study that is told is no news
            _unlisted(telling, one, before)
    days = _days([row for row in ended if row["study"] in telling.studies])
    studies = tuple({**telling.studies[study], "days": days.get(study, "")} for study in sorted(telling.studies))
    extra = dict.fromkeys(name for row in ended for name in json.loads(row["given"])["extra"])
    known = names(STUDIES)
    places = tuple(sorted(telling.places, key=lambda place: place.folder))
    refusals = sorted(telling.refusals, key=lambda row: (not row["source"], str(row["source"]), str(row["study"])))
    return Story(studies, tuple(refusals), tuple(name for name in extra if name not in known), places)


def write_story(out: Path, told: Story, doubtful: Mapping[str, int]) -> None:
    """Write the two tables and their dictionaries; `doubtful`: muscles that need review, by study."""
    studies = ({"needs_review": doubtful.get(str(row["study"]), 0), **row} for row in told.studies)
    write_table(out / "studies.csv", (*names(STUDIES), *told.extra), studies)
    write_dictionary(out / "studies.json", STUDIES, told.extra)
    write_table(out / "refusals.csv", names(REFUSALS), told.refusals)
    write_dictionary(out / "refusals.json", REFUSALS)


def _by_study(rows: Sequence[sqlite3.Row], found: Sequence[Stored]) -> dict[str, list[sqlite3.Row]]:
    """The rows of each study, the one that counts first: of the last batch that was given it, and there the one whose result lies there."""
    there = {one.place.folder: one for one in found}
    groups: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        if row["study"] is not None and row["reason"] != Reason.STUDY_TWICE:
            groups[row["study"]].append(row)

    def rank(row: sqlite3.Row) -> tuple[int, bool, int]:
        stored = there.get(row["folder"])
        return -row["batch"], not (stored is not None and stored.is_of(row)), row["position"]

    return {study: sorted(own, key=rank) for study, own in groups.items()}


def _told(telling: _Telling, study: str, rows: Sequence[sqlite3.Row], there: _There, before: Mapping[str, object]) -> str | None:
    """Tell of one study that a present input holds; the folder of its result, where one is shown or told to be damaged."""
    row = rows[0]
    own = sorted(there.by_study.get(study, ()), key=lambda one: (one.place.folder != row["folder"], one.place.folder))
    damaged = there.damaged.get(row["folder"]) if row["folder"] else None
    good = next((one for one in own if one.good), None)
    graded = row["state"] in GOOD
    if good is not None and good.is_of(row):
        telling.graded(study, _study_row(row), good.place)
        return good.place.folder
    if good is not None and (graded or not _older(good, row, before)):
        # made by somebody else, after the batch: a single `grade` into the same folder
        telling.graded(study, _study_row(row) | _facts(good), good.place)
        return good.place.folder
    if not graded:
        telling.studies[study] = _study_row(row)
        telling.refusals.append(_refusal_row(row))
    else:
        damage = damaged.damage if damaged is not None else "its result is gone"
        telling.left_out(study, _study_row(row), (State.FAILED, Reason.RESULT_DAMAGED, damage), row["attempt"])
    return row["folder"] or None


def _other_places(told: Row, rows: Sequence[sqlite3.Row]) -> list[Row]:
    """Refusals of further inputs of the same study; where they differ from what is told of the study, they do not name it."""
    others = [_refusal_row(row) for row in rows[1:] if row["batch"] == rows[0]["batch"] and row["state"] not in GOOD]
    same = (told["state"], told["reason"])
    return [{**row, "study": row["study"] if (row["state"], row["reason"]) == same else ""} for row in others]


def _older(good: Stored, row: sqlite3.Row, before: Mapping[str, object]) -> bool:
    """A result that lay there before this refusal, or that an attempt on another state of the input made."""
    return good.made_of == row["kept"] or (good.made_of in before and good.made_of != made_of(row))


def _study_of(one: Stored) -> str:
    """Whose result it is; of a damaged one the folder tells."""
    return str(one.outcome.study if one.outcome else one.place.folder)


def _unlisted(telling: _Telling, one: Stored, before: Mapping[str, Mapping[str, Earlier]]) -> None:
    """Of a study that no present input holds: graded one by one, its input is gone, or the ledger is."""
    study = _study_of(one)
    ours = before.get(study, {})
    row: Row = _bare_row(one) if one.outcome else {"study": study}
    earlier = ours.get(one.made_of) or (next(iter([*ours.values()][::-1]), None) if one.damage else None)
    if earlier is not None and earlier.withdrawn:
        row = {"study": study, "source": earlier.source}
        telling.left_out(study, row, (WITHDRAWN, Reason.INPUT_WITHDRAWN, "no present input holds this study"))
    elif one.damage or one.outcome is None:
        telling.left_out(study, row, (State.FAILED, Reason.RESULT_DAMAGED, one.damage))
    elif one.good:
        telling.graded(study, row, one.place)
    else:
        telling.studies[study] = row
        telling.refusals.append(_bare_refusal(row, one.outcome.detail))


def _study_row(row: sqlite3.Row) -> Row:
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
        "folder": row["folder"],
        "input_hash": row["input_hash"],
        "config_hash": row["config_hash"],
        "model_hash": row["model_hash"],
        "version": row["version"],
        **{name: "" if row[name] is None else f"{row[name]:g}" for name in BODY},
    }


def _facts(one: Stored) -> Row:
    """What a result tells of itself."""
    outcome = one.outcome
    assert outcome is not None
    return {
        "state": _STATES.get(outcome.state, outcome.state),
        "reason": outcome.reason,
        "method": outcome.method,
        "automatic": "" if outcome.automatic is None else str(outcome.automatic).lower(),
        "folder": outcome.folder,
        "input_hash": outcome.input_hash,
        "config_hash": one.config_hash,
        "model_hash": one.model_hash,
        "version": outcome.version,
    }


def _bare_row(one: Stored) -> Row:
    """Of a study of which the result is all that is known."""
    assert one.outcome is not None
    return {"study": one.outcome.study, **_facts(one)}


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


def _bare_refusal(study: Mapping[str, object], detail: str) -> Row:
    return {
        "source": "",
        "study": study["study"],
        "state": study["state"],
        "reason": study["reason"],
        "detail": detail,
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
