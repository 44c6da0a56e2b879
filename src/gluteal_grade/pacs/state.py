"""What became of every study that came from a PACS: `pacs.sqlite` beside the results. No names, no UIDs: studies by their hash."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure

NAME = "pacs.sqlite"
Origin = Literal["asked", "received", "prior"]
_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS studies (
    study TEXT PRIMARY KEY,
    images INTEGER NOT NULL,         -- as the PACS counted them when it was fetched, or as they arrived; without our results
    origin TEXT NOT NULL CHECK (origin IN ('asked', 'received', 'prior')),
    state TEXT NOT NULL CHECK (state IN ('graded', 'partly', 'refused', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    folder TEXT NOT NULL DEFAULT '', -- of its result
    objects TEXT NOT NULL DEFAULT '',-- hash of its DICOM results
    sent TEXT NOT NULL DEFAULT '',   -- hash of those that the PACS has
    stored INTEGER NOT NULL DEFAULT 0, -- objects of ours that the PACS has in this study, of all times
    updated TEXT NOT NULL,
    patient TEXT NOT NULL DEFAULT ''  -- hash of who the PACS said it is of; empty where that is not known
);
CREATE TABLE IF NOT EXISTS prior_reports (
    study TEXT PRIMARY KEY,
    sent TEXT NOT NULL,              -- hash of its report with the prior that the PACS has
    updated TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS nights (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, since TEXT NOT NULL, until TEXT NOT NULL, complete INTEGER NOT NULL DEFAULT 0
);
"""


@dataclass(frozen=True)
class Known:
    """What is stored of one study."""

    study: str
    images: int
    origin: str
    state: str
    reason: str
    folder: str
    objects: str
    sent: str = ""
    stored: int = 0
    patient: str = ""

    @property
    def to_send(self) -> bool:
        """It has results that the PACS has not."""
        return bool(self.objects) and self.objects != self.sent and self.origin != "prior"


_COLUMNS = tuple(field.name for field in fields(Known))


class PacsState:
    """An open database; use `opened`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        with database:
            database.executescript(_SCHEMA)
            found = database.execute("PRAGMA user_version").fetchone()[0]
            if found == 1:
                database.execute("ALTER TABLE studies ADD COLUMN patient TEXT NOT NULL DEFAULT ''")
                found = _VERSION
            if found not in (0, _VERSION):
                raise RefusedInput(Reason.LEDGER_UNREADABLE, f"{NAME}: version {found}, not {_VERSION}")
            database.execute(f"PRAGMA user_version = {_VERSION}")

    def known(self, study: str) -> Known | None:
        """The row of one study."""
        row = self._database.execute("SELECT * FROM studies WHERE study = ?", (study,)).fetchone()
        return _known(row) if row else None

    def wanted(self, study: str, images: int, patient: str = "") -> bool:
        """It is new, has more images or another patient than last time, failed, or was only fetched to compare another with.

        Args:
            study: its hash.
            images: as the PACS counts them now, our results included.
            patient: hash of who the PACS says it is of; empty where it does not say.
        """
        known = self.known(study)
        if known is None or known.images < images - known.stored or known.state == "failed" or known.origin == "prior":
            return True
        if patient and not known.patient:  # of an older version of the program, or received: from now on it is known
            with self._database as db:
                db.execute("UPDATE studies SET patient = ? WHERE study = ?", (patient, study))
        return bool(patient and known.patient and patient != known.patient)

    def record(self, known: Known) -> None:
        """What became of a study; what was sent stays known."""
        with self._database as db:
            db.execute(
                f"INSERT INTO studies ({', '.join(_COLUMNS)}, updated) VALUES ({', '.join('?' * len(_COLUMNS))}, ?) "
                "ON CONFLICT (study) DO UPDATE SET images = excluded.images, "
                "origin = excluded.origin, state = excluded.state, reason = excluded.reason, folder = excluded.folder, "
                "objects = excluded.objects, updated = excluded.updated, "
                "patient = CASE excluded.patient WHEN '' THEN studies.patient ELSE excluded.patient END",
                (*(getattr(known, name) for name in _COLUMNS), _now()),
            )

    def sent(self, study: str, objects: str, new: int) -> None:
        """The PACS has these results, verified; `new` of them it did not have before."""
        with self._database as db:
            db.execute("UPDATE studies SET sent = ?, stored = stored + ?, updated = ? WHERE study = ?", (objects, new, _now(), study))

    def counted(self, study: str, more: int) -> None:
        """The PACS lists so many objects of ours more than before in this study; fewer where it hides rejected ones."""
        with self._database as db:
            db.execute("UPDATE studies SET stored = MAX(0, stored + ?), updated = ? WHERE study = ?", (more, _now(), study))

    def unsent(self) -> list[Known]:
        """Studies with results that the PACS has not, the oldest first."""
        rows = self._database.execute(
            "SELECT * FROM studies WHERE objects != '' AND objects != sent AND origin != 'prior' ORDER BY updated"
        )
        return [_known(row) for row in rows]

    def delivered(self) -> list[Known]:
        """Studies of which the PACS has all results that were entered, in the order of their hashes."""
        rows = self._database.execute("SELECT * FROM studies WHERE objects != '' AND objects = sent AND origin != 'prior' ORDER BY study")
        return [_known(row) for row in rows]

    def prior_report(self, study: str) -> str:
        """Hash of the report with the prior that the PACS has of this study; empty for none."""
        row = self._database.execute("SELECT sent FROM prior_reports WHERE study = ?", (study,)).fetchone()
        return str(row["sent"]) if row else ""

    def sent_prior_report(self, study: str, report: str, new: int) -> None:
        """The PACS has this report with the prior, verified; `new`: 1 if it did not have it before."""
        with self._database as db:
            db.execute("INSERT OR REPLACE INTO prior_reports (study, sent, updated) VALUES (?, ?, ?)", (study, report, _now()))
            db.execute("UPDATE studies SET stored = stored + ? WHERE study = ?", (new, study))

    def begin_night(self, since: datetime.date, until: datetime.date) -> int:
        """Store that a nightly job begins; returns its number."""
        with self._database as db:
            row = db.execute(
                "INSERT INTO nights (started, since, until) VALUES (?, ?, ?) RETURNING id", (_now(), since.isoformat(), until.isoformat())
            ).fetchone()
        return int(row[0])

    def end_night(self, number: int, *, complete: bool) -> None:
        """Complete: everything that was asked for came to an end, so that the next night need not ask for it again."""
        with self._database as db:
            db.execute("UPDATE nights SET ended = ?, complete = ? WHERE id = ?", (_now(), int(complete), number))

    def last_complete(self) -> datetime.date | None:
        """Until when everything was asked for and ended."""
        found = self._database.execute("SELECT MAX(until) FROM nights WHERE complete").fetchone()[0]
        return datetime.date.fromisoformat(found) if found else None


def _known(row: sqlite3.Row) -> Known:
    return Known(*(row[name] for name in _COLUMNS))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


@contextmanager
def opened(out: Path) -> Iterator[PacsState]:
    """The state beside the results; the folder is made if it is not there.

    Raises:
        RefusedInput: `ledger_unreadable`.
        TransientFailure: `output_not_writable`.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(out / NAME, isolation_level="IMMEDIATE", timeout=60)
        try:
            yield PacsState(database)
        finally:
            database.close()
    except (sqlite3.OperationalError, OSError) as error:
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, f"{NAME}: {type(error).__name__}") from error
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):  # a defect of ours, not of the file
        raise
    except sqlite3.DatabaseError as error:
        raise RefusedInput(Reason.LEDGER_UNREADABLE, f"{NAME}: {error}") from error
