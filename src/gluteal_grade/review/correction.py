"""One corrected label map, and the table that says where each stands."""

from __future__ import annotations

import datetime
import os
import secrets
import socket
import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gluteal_grade.errors import Reason
from gluteal_grade.review.database import FOLDER, Database

UPLOADS, CORRECTED = "uploads", "corrected"
UPLOAD_LIMIT = 256 << 20  # bytes
ATTEMPTS = 3  # after so many ends without an answer it is not tried again by itself
SILENT_S = 120.0  # a server that was not heard of for so long is gone


class CorrectionState(StrEnum):
    """Where a correction stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # permanent: the reason says why
    FAILED = "failed"  # may pass: submit again


@dataclass(frozen=True)
class Correction:
    """One corrected label map.

    Attributes:
        id: UUID, the value of the reader's decision `Item.LABELS`.
        study: hash.
        at: UTC, ISO 8601, when it was taken in.
        sha256: of the file as stored; `segmentation.sha256` of its result.
        state: where it stands.
        reason, detail: why refused or failed, or what to know of it; no patient data.
        seconds: spent on measuring.
    """

    id: str
    study: str
    at: str
    sha256: str
    state: CorrectionState
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Remeasurement:
    """What to measure again.

    Attributes:
        out: the output folder.
        study: hash.
        correction: id.
        labels: the corrected label map.
        data: folder of images, empty without.
        config: settings file, empty for the default.
    """

    out: str
    study: str
    correction: str
    labels: str
    data: str = ""
    config: str = ""


def result_folder(out: Path, correction: Correction) -> Path:
    """Where its result lies once it is done: `OUT/review/corrected/<study>/<id>/`, as a study's folder of the flat layout."""
    return out / FOLDER / CORRECTED / correction.study / correction.id


def numbers_file(out: Path, study: str, correction: str) -> Path:
    """The result of a correction while the pictures and files beside it are still being made."""
    return out / FOLDER / CORRECTED / study / f".{correction}.json"


class Table:
    """All corrections of an output folder; several servers may work on it.

    Args:
        database: the review's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._host, self._process = socket.gethostname(), os.getpid()
        self._me = f"{self._host}:{self._process}:{secrets.token_hex(4)}"

    def put(self, correction: Correction, file: str) -> None:
        """A new one; `file` is its name in `uploads/`."""
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO corrections (id, study, at, sha256, file, state) VALUES (?, ?, ?, ?, ?, ?)",
                (correction.id, correction.study, correction.at, correction.sha256, file, correction.state.value),
            )

    def find(self, correction: str) -> Correction | None:
        """The correction with this id, None if there is none."""
        with self._database.reading() as db:
            row = db.execute("SELECT * FROM corrections WHERE id = ?", (correction,)).fetchone()
        return None if row is None else _of(row)

    def of_study(self, study: str) -> tuple[Correction, ...]:
        """All of a study, oldest first."""
        with self._database.reading() as db:
            return tuple(map(_of, db.execute("SELECT * FROM corrections WHERE study = ? ORDER BY seq", (study,)).fetchall()))

    def all(self) -> tuple[Correction, ...]:
        """Every one, oldest first."""
        with self._database.reading() as db:
            return tuple(map(_of, db.execute("SELECT * FROM corrections ORDER BY seq").fetchall()))

    def again(self, correction: str) -> None:
        """One that failed waits once more."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE corrections SET state = 'waiting', reason = '', detail = '', attempts = 0 WHERE id = ? AND state = 'failed'",
                (correction,),
            )

    def take(self) -> tuple[Correction, str] | None:
        """The oldest that waits is ours now; with the name of its file."""
        with self._database.reading() as db:
            waits = db.execute("SELECT 1 FROM corrections WHERE state IN ('waiting', 'running') LIMIT 1").fetchone()
        if waits is None:
            return None
        with self._database.writing() as db:
            self._recover(db)
            row = db.execute("SELECT * FROM corrections WHERE state = 'waiting' ORDER BY seq LIMIT 1").fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE corrections SET state = 'running', attempts = attempts + 1, owner = ?, beat = ? WHERE id = ?",
                (self._me, time.time(), row["id"]),
            )
        return _of(row), str(row["file"])

    def beat(self, correction: Correction) -> None:
        """It is still being measured."""
        with self._database.writing() as db:
            db.execute("UPDATE corrections SET beat = ? WHERE id = ? AND owner = ?", (time.time(), correction.id, self._me))

    def finish(self, correction: Correction, state: CorrectionState, reason: str, detail: str, seconds: float) -> None:
        """Store how measuring a correction ended."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE corrections SET state = ?, reason = ?, detail = ?, seconds = ?, owner = '' WHERE id = ? AND owner = ?",
                (state.value, reason, detail, round(seconds, 2), correction.id, self._me),
            )

    def put_back(self, correction: Correction) -> None:
        """It was stopped through no fault of its own."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE corrections SET state = 'waiting', attempts = attempts - 1, owner = '' WHERE id = ? AND owner = ? "
                "AND state = 'running'",
                (correction.id, self._me),
            )

    def _recover(self, db: sqlite3.Connection) -> None:
        """What a killed server was at waits again; what ended so too often has failed."""
        for row in db.execute("SELECT * FROM corrections WHERE state = 'running'").fetchall():
            if self._is_gone(row["owner"], row["beat"]):
                lost = row["attempts"] >= ATTEMPTS
                state, reason = ("failed", Reason.WORKER_LOST.value) if lost else ("waiting", "")
                db.execute("UPDATE corrections SET state = ?, reason = ?, owner = '' WHERE id = ?", (state, reason, row["id"]))

    def _is_gone(self, owner: str, beat: float) -> bool:
        host, process, _ = owner.split(":")
        if owner == self._me:
            return False
        if host == self._host and (int(process) == self._process or not Path(f"/proc/{process}").exists()) and Path("/proc/self").exists():
            return True
        return time.time() - beat > SILENT_S


def now() -> str:
    """The time now, UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def _of(row: sqlite3.Row) -> Correction:
    state = CorrectionState(row["state"])
    return Correction(row["id"], row["study"], row["at"], row["sha256"], state, row["reason"], row["detail"], row["seconds"])
