"""What readers decided: one row for each decision, never changed and never taken out."""

from __future__ import annotations

import datetime
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gluteal_grade import __version__
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.grading import known_scales
from gluteal_grade.review.database import Database
from gluteal_grade.review.model import Decision, Item, Key, Session, checked, checked_reader
from gluteal_grade.vocabulary import GLUTEI, Scale

_PAGE = 5000  # rows read at once


@dataclass(frozen=True)
class Stored:
    """One row.

    Attributes:
        seq: rising in the order of storing.
        at: UTC, ISO 8601.
        session: who read, and how.
        decision: what was sent.
        result_hash: of the `result.json` that the reader was shown.
        verdict: accepted, overruled or empty, see `Decision.verdict`.
        version: of the program.
    """

    seq: int
    at: str
    session: Session
    decision: Decision
    result_hash: str
    verdict: str
    version: str


@dataclass(frozen=True)
class Progress:
    """How far one reader is with one study in one read.

    Attributes:
        graded: glutei (of six) with a grade on any scale, not assessable included.
        finished: said to be finished, and not opened again.
        note: there is a note.
    """

    graded: int = 0
    finished: bool = False
    note: bool = False


@dataclass
class _Tally:
    """What one reader decided in one read, up to a row."""

    last: int = 0
    grades: dict[str, set[tuple[str, str, str]]] = field(default_factory=dict)
    flags: dict[tuple[str, str], bool] = field(default_factory=dict)
    found: dict[str, Progress] = field(default_factory=dict)

    def take(self, rows: Iterable[tuple[int, str, str, str, str, str, str]]) -> None:
        touched = set()
        for self.last, study, item, muscle, side, part, value in rows:
            touched.add(study)
            if item == Item.GRADE:
                grades = self.grades.setdefault(study, set())
                (grades.add if value else grades.discard)((muscle, side, part))
            elif item in (Item.FINISHED, Item.NOTE):
                self.flags[study, item] = value == "yes" if item == Item.FINISHED else bool(value)
        for study in touched:
            muscles = {place[:2] for place in self.grades.get(study, ()) if place[0] in GLUTEI}
            finished, note = (self.flags.get((study, item), False) for item in (Item.FINISHED, Item.NOTE))
            self.found[study] = Progress(len(muscles), finished, note)


class Store:
    """Decisions of one output folder. One object may serve several threads; several processes may share the file.

    Args:
        out: the output folder; `review/` in it is made.

    Raises:
        RefusedInput: `ledger_unreadable`: the file is damaged, or of another version.
        TransientFailure: `output_not_writable`.
    """

    def __init__(self, out: Path) -> None:
        self._database = Database(out)
        self._lock = threading.Lock()
        self._tallies: dict[tuple[str, int], _Tally] = {}

    def add(self, session: Session, decisions: Sequence[Decision], result_hash: str, scales: Sequence[Scale] | None = None) -> int:
        """Store all of them or none; how many are new (one that is there already, same id and content, is not stored twice).

        Args:
            session: who decided.
            decisions: on one study.
            result_hash: of the result that the reader saw.
            scales: of that result; None: the shipped ones.

        Raises:
            RefusedInput: `bad_decision`: one is none, or has the id of another.
            TransientFailure: `output_not_writable`: disk full, locked, read-only; nothing was stored.
        """
        _check(session)
        graded = known_scales() if scales is None else scales
        rows = [_columns(session, checked(decision, graded), result_hash) for decision in decisions]
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with self._database.writing() as db:
            return sum(_put(db, at, row) for row in rows)

    def current(self, session: Session, study: str) -> dict[Key, Stored]:
        """What holds now for a reader and read: the last decision for each key; those taken back are left out."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT * FROM decisions WHERE study = ? AND reader = ? AND read = ? ORDER BY seq", (study, session.reader, session.read)
            ).fetchall()
        return latest(map(_stored, rows))

    def history(self, study: str) -> tuple[Stored, ...]:
        """All rows of a study, of every reader, oldest first."""
        with self._database.reading() as db:
            rows = db.execute("SELECT * FROM decisions WHERE study = ? ORDER BY seq", (study,)).fetchall()
        return tuple(map(_stored, rows))

    def progress(self, session: Session) -> dict[str, Progress]:
        """By study; those of which nothing was decided are left out. Only rows that are new since the last call are read."""
        with self._lock, self._database.reading() as db:
            tally = self._tallies.setdefault((session.reader, session.read), _Tally())
            cursor = db.cursor()
            cursor.row_factory = None
            query = (
                "SELECT seq, study, item, muscle, side, part, value FROM decisions WHERE reader = ? AND read = ? AND seq > ? ORDER BY seq"
            )
            tally.take(cursor.execute(query, (session.reader, session.read, tally.last)))
            return dict(tally.found)

    def rows(self) -> Iterator[Stored]:
        """Every row, oldest first; the file is not held between two pages of them."""
        last = 0
        while True:
            with self._database.reading() as db:
                page = db.execute("SELECT * FROM decisions WHERE seq > ? ORDER BY seq LIMIT ?", (last, _PAGE)).fetchall()
            if not page:
                return
            yield from map(_stored, page)
            last = page[-1]["seq"]

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def latest(rows: Iterable[Stored]) -> dict[Key, Stored]:
    """Of rows of one reader, read and study, oldest first: the last for each key, without those taken back."""
    last = {row.decision.key: row for row in rows}
    return {key: row for key, row in last.items() if row.decision.value}


def _check(session: Session) -> None:
    try:
        checked_reader(session.reader)
    except ValueError:
        raise RefusedInput(Reason.BAD_DECISION, "id of the reader") from None
    if not 1 <= session.read <= 99:
        raise RefusedInput(Reason.BAD_DECISION, "number of the read")


def _columns(session: Session, d: Decision, result_hash: str) -> dict[str, str | int]:
    """A row, as far as the sender makes it."""
    return {
        "id": d.id,
        "reader": session.reader,
        "read": session.read,
        "blinded": int(session.blinded),
        "study": d.study,
        "result": result_hash,
        "item": d.key.item.value,
        "muscle": d.key.muscle,
        "side": d.key.side,
        "part": d.key.part,
        "value": d.value,
        "program": d.program,
        "seen": int(d.seen),
        "verdict": d.verdict,
    }


def _put(db: sqlite3.Connection, at: str, row: dict[str, str | int]) -> int:
    there = db.execute("SELECT * FROM decisions WHERE id = ?", (row["id"],)).fetchone()
    if there is None:
        both = row | {"at": at, "version": __version__}
        db.execute(f"INSERT INTO decisions ({', '.join(both)}) VALUES ({', '.join('?' * len(both))})", tuple(both.values()))
        return 1
    # the result may have been replaced between two tries of one save
    if any(there[name] != value for name, value in row.items() if name != "result"):
        raise RefusedInput(Reason.BAD_DECISION, "another decision has this id")
    return 0


def _stored(row: sqlite3.Row) -> Stored:
    key = Key(Item(row["item"]), row["muscle"], row["side"], row["part"])
    decision = Decision(row["id"], row["study"], key, row["value"], row["program"], bool(row["seen"]))
    session = Session(row["reader"], row["read"], bool(row["blinded"]))
    return Stored(row["seq"], row["at"], session, decision, row["result"], row["verdict"], row["version"])
