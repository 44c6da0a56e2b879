"""`OUT/review/review.sqlite`: the one file that everything decided in a review is kept in."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from gluteal_grade.errors import Reason, RefusedInput, TransientFailure, not_writable

FOLDER, NAME = "review", "review.sqlite"
VERSION = 1
_PATIENCE_S = 20.0  # how long to wait while another process writes

_SCHEMA = """
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,      -- UUID, made where the decision was made
    at TEXT NOT NULL,             -- UTC, ISO 8601
    reader TEXT NOT NULL,
    read INTEGER NOT NULL,
    blinded INTEGER NOT NULL,
    study TEXT NOT NULL,
    result TEXT NOT NULL,         -- hash of the result.json that was shown
    item TEXT NOT NULL,
    muscle TEXT NOT NULL,
    side TEXT NOT NULL,
    part TEXT NOT NULL,
    value TEXT NOT NULL,          -- empty: takes the earlier decision back
    program TEXT NOT NULL,        -- what the program said
    seen INTEGER NOT NULL,        -- the reader could see that
    verdict TEXT NOT NULL,
    version TEXT NOT NULL
);
CREATE INDEX decisions_study ON decisions (study, reader, read);
CREATE INDEX decisions_reader ON decisions (reader, read, seq);
CREATE TRIGGER decisions_stay BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
CREATE TRIGGER decisions_remain BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are never taken out'); END;
CREATE TABLE corrections (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    study TEXT NOT NULL,
    at TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL,           -- name in uploads/, made by us
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'refused', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    seconds REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',  -- host:process that measures it
    beat REAL NOT NULL DEFAULT 0     -- when that was last heard of, seconds since 1970
);
CREATE INDEX corrections_study ON corrections (study);
"""


class _Connection(sqlite3.Connection):
    """Of this class as plain ones cannot be referred to weakly."""


class Database:
    """The file, with a connection for each thread of each process.

    A rollback journal, not a write-ahead log: its shared memory does not work on network shares. Every commit is on the disk before it is
    acknowledged.

    Args:
        out: the output folder; `review/` in it is made.

    Raises:
        RefusedInput: `ledger_unreadable`: the file is damaged, or of another version.
        TransientFailure: `output_not_writable`.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / FOLDER / NAME
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._all: WeakSet[_Connection] = WeakSet()  # a thread that ends takes its own along
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_writable(error) from error
        with explained():
            db = self._connection()
            if self._version(db) == 0:
                with _transaction(db):
                    if self._version(db) == 0:  # no other process was faster
                        for statement in _statements(_SCHEMA):
                            db.execute(statement)
                        db.execute(f"PRAGMA user_version = {VERSION}")
            if (found := self._version(db)) != VERSION:
                raise RefusedInput(Reason.LEDGER_UNREADABLE, f"review: version {found}, not {VERSION}")

    @staticmethod
    def _version(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA user_version").fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        db: _Connection | None = getattr(self._mine, "db", None)
        if db is None or self._mine.process != os.getpid():  # a connection must not be carried into a forked process
            db = sqlite3.connect(self._path, _PATIENCE_S, isolation_level=None, check_same_thread=False, factory=_Connection)
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = DELETE")
            db.execute("PRAGMA synchronous = EXTRA")  # FULL, and the folder too: a crash does not bring the journal back
            self._mine.db, self._mine.process = db, os.getpid()
            with self._lock:
                self._all.add(db)
        return db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with.

        Raises:
            RefusedInput, TransientFailure: as the class.
        """
        with explained():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The same in a transaction: at the end of the block all is stored, or after any error nothing."""
        with explained():
            db = self._connection()
            with _transaction(db):
                yield db

    def close(self) -> None:
        """Close the connections of all threads; another call opens them anew."""
        with self._lock:
            for db in self._all:
                db.close()
            self._all.clear()
        self._mine = threading.local()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            if db.in_transaction:  # a full disk may have rolled back already
                db.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def explained() -> Iterator[None]:
    """What SQLite says, in our errors; no path is told."""
    try:
        yield
    except sqlite3.OperationalError as error:  # disk full, read-only, locked
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, f"review: {error}") from error
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError):  # a defect of ours, not of the file
        raise
    except sqlite3.DatabaseError as error:
        raise RefusedInput(Reason.LEDGER_UNREADABLE, f"review: {error}") from error
