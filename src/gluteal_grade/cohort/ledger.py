"""The ledger: one row for each study and attempt, in `ledger.sqlite`. Only the batch that holds the folder writes to it."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gluteal_grade import __version__
from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.pseudonyms import Pseudonyms
from gluteal_grade.cohort.task import Because, Outcome, State
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.files import escaped

NAME = "ledger.sqlite"
VERSION = 4
_WITHDRAWN, _KEPT = 1, 2  # of `entries.withdrawn`
_ENDED = (State.GRADED, State.PARTLY, State.REFUSED, State.FAILED)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    entry TEXT PRIMARY KEY,     -- hash of its place
    source TEXT NOT NULL,       -- as the user gave it
    place TEXT NOT NULL,        -- absolute path
    position INTEGER NOT NULL,  -- in the last batch it was given to
    batch INTEGER NOT NULL,     -- the last batch it was given to
    given TEXT NOT NULL,        -- JSON: covariates of the manifest
    input TEXT NOT NULL DEFAULT '',        -- the INPUT that gave it; empty where a program did
    withdrawn INTEGER NOT NULL DEFAULT 0,  -- 1: a later batch did not find it any more; 2: and the user keeps its results
    fingerprint TEXT, config_hash TEXT, model_hash TEXT  -- of the attempt that counts, where several are known
);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    entry TEXT NOT NULL REFERENCES entries (entry),
    study TEXT,                 -- NULL until it is known
    fingerprint TEXT NOT NULL,  -- of the entry's files, without opening them
    input_hash TEXT NOT NULL DEFAULT '',
    config_hash TEXT NOT NULL,
    model_hash TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'graded', 'partly', 'refused', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    folder TEXT NOT NULL DEFAULT '',
    taken_over INTEGER NOT NULL DEFAULT 0,
    worker TEXT, started TEXT, ended TEXT, seconds REAL, peak_mb REAL,
    method TEXT NOT NULL DEFAULT '', automatic INTEGER, version TEXT NOT NULL DEFAULT '',
    sex TEXT, age REAL, people_group TEXT, patient TEXT, day INTEGER,
    because TEXT NOT NULL DEFAULT '', -- why it was graded, see `task.Because`
    kept TEXT NOT NULL DEFAULT '',    -- the good result of another input that this refusal left in its place
    height_m REAL, weight_kg REAL, lean_kg REAL
);
CREATE INDEX IF NOT EXISTS attempts_entry ON attempts (entry);
CREATE INDEX IF NOT EXISTS attempts_study ON attempts (study);
"""
# What an older ledger lacks, by its version.
_MIGRATIONS = {
    "1": ("ALTER TABLE attempts ADD COLUMN because TEXT NOT NULL DEFAULT ''",),
    "2": (
        "ALTER TABLE attempts ADD COLUMN kept TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN input TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0",
        *(f"ALTER TABLE entries ADD COLUMN {name} TEXT" for name in ("fingerprint", "config_hash", "model_hash")),
    ),
    "3": tuple(f"ALTER TABLE attempts ADD COLUMN {name} REAL" for name in ("height_m", "weight_kg", "lean_kg")),
}
# The ended attempt that counts of each entry: the last at what the batch was given last; where that has none yet, the last of all.
_CURRENT = """
ends AS (SELECT * FROM attempts WHERE state NOT IN ('waiting', 'running')),
current AS (
    SELECT e.entry AS entry, COALESCE(
        (SELECT MAX(a.id) FROM ends a WHERE a.entry = e.entry AND a.fingerprint = e.fingerprint AND a.config_hash = e.config_hash
            AND a.model_hash = e.model_hash),
        (SELECT MAX(a.id) FROM ends a WHERE a.entry = e.entry)) AS id
    FROM entries e
),
rows AS (
    SELECT a.* FROM current JOIN attempts l USING (id) JOIN attempts a ON a.entry = l.entry AND a.attempt = l.attempt
        AND a.fingerprint = l.fingerprint AND a.config_hash = l.config_hash AND a.model_hash = l.model_hash
)
"""


@dataclass(frozen=True)
class Key:
    """How a batch grades: rows of another configuration or model do not count."""

    config_hash: str
    model_hash: str


@dataclass(frozen=True)
class Earlier:
    """Where a result came from that an earlier attempt made.

    Attributes:
        source: of its input.
        withdrawn: that input is gone, or holds something else now. A program that gives entries by itself, as the nightly job does, may
            clear them away after grading: they are not withdrawn.
    """

    source: str
    withdrawn: bool


@dataclass(frozen=True)
class Scope:
    """What a batch was given as a whole: what an earlier batch found there and this one does not is withdrawn.

    Attributes:
        inputs: INPUTs, absolute.
        folders: those of them that are folders.
        keep: results stay in the tables though their files are gone: the user says so.
    """

    inputs: frozenset[str]
    folders: tuple[Path, ...]
    keep: bool = False

    def covers(self, given_by: str, place: Path) -> bool:
        """This batch would have found such an entry."""
        return given_by in self.inputs or any(place.is_relative_to(folder) for folder in self.folders)


class Ledger:
    """An open ledger; use `opened`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        with database:
            database.executescript(_SCHEMA)
            for name, value in (("version", str(VERSION)), ("salt", secrets.token_hex(16)), ("batch", "0")):
                database.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
        self._migrate()
        if self._meta("version") != str(VERSION):
            raise RefusedInput(Reason.LEDGER_UNREADABLE, f"version {self._meta('version')}, not {VERSION}")
        self.pseudonyms = Pseudonyms(self._meta("salt"))

    def _migrate(self) -> None:
        """Bring a ledger of an older version of the program up to date, in one step."""
        with self._database as db:
            db.execute("BEGIN IMMEDIATE")
            while (version := self._meta("version")) in _MIGRATIONS:
                for statement in _MIGRATIONS[version]:
                    db.execute(statement)
                db.execute("UPDATE meta SET value = ? WHERE name = 'version'", (str(int(version) + 1),))

    def _meta(self, name: str) -> str:
        return str(self._database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0])

    def begin(
        self,
        entries: Sequence[Entry],
        fingerprints: Mapping[str, str],
        todo: Mapping[str, Because],
        key: Key,
        scope: Scope | None = None,
    ) -> None:
        """A new batch: what it was given, a waiting row for each entry in `todo` (keys, and why), and what is withdrawn (see `Scope`)."""
        with self._database as db:
            batch = int(self._meta("batch")) + 1
            db.execute("UPDATE meta SET value = ? WHERE name = 'batch'", (str(batch),))
            db.executemany(
                "INSERT INTO entries (entry, source, place, position, batch, given, input, fingerprint, config_hash, model_hash) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entry) DO UPDATE SET source = excluded.source, "
                "position = excluded.position, batch = excluded.batch, given = excluded.given, input = excluded.input, withdrawn = 0, "
                "fingerprint = excluded.fingerprint, config_hash = excluded.config_hash, model_hash = excluded.model_hash",
                [(*_described(e, n, batch), fingerprints[e.key], key.config_hash, key.model_hash) for n, e in enumerate(entries)],
            )
            if scope is not None:
                self._withdraw(batch, scope)
            # what was interrupted or never begun is planned again; it was not the study's fault
            db.execute("DELETE FROM attempts WHERE state IN ('waiting', 'running')")
            self._wait([(entry, fingerprints[entry], because) for entry, because in todo.items()], key)

    def _wait(self, entries: Sequence[tuple[str, str, Because]], key: Key) -> None:
        before = {
            (r["entry"], r["fingerprint"]): r["n"]
            for r in self._database.execute(
                "SELECT entry, fingerprint, MAX(attempt) AS n FROM attempts WHERE config_hash = ? AND model_hash = ? GROUP BY 1, 2",
                (key.config_hash, key.model_hash),
            )
        } if len(entries) > 1 else {e[:2]: self.attempts(e[0], e[1], key) for e in entries}  # fmt: skip
        self._database.executemany(
            "INSERT INTO attempts (entry, fingerprint, config_hash, model_hash, attempt, because, state) "
            "VALUES (?, ?, ?, ?, ?, ?, 'waiting')",
            [
                (entry, print_, key.config_hash, key.model_hash, before.get((entry, print_), 0) + 1, because)
                for entry, print_, because in entries
            ],
        )

    def attempts(self, entry: str, fingerprint: str, key: Key) -> int:
        """How often an entry was tried as it is now."""
        found = self._database.execute(
            "SELECT MAX(attempt) FROM attempts WHERE entry = ? AND fingerprint = ? AND config_hash = ? AND model_hash = ?",
            (entry, fingerprint, key.config_hash, key.model_hash),
        ).fetchone()[0]
        return int(found or 0)

    def ended(self, key: Key) -> dict[tuple[str, str], list[sqlite3.Row]]:
        """The last attempt of each entry that came to an end, by entry and fingerprint: a row for each of its studies."""
        rows = self._database.execute(
            "SELECT * FROM attempts WHERE config_hash = ? AND model_hash = ? ORDER BY id", (key.config_hash, key.model_hash)
        )
        found: dict[tuple[str, str], list[sqlite3.Row]] = defaultdict(list)
        for row in rows:
            same = found[row["entry"], row["fingerprint"]]
            if same and same[-1]["attempt"] != row["attempt"]:
                same.clear()
            same.append(row)
        return {place: rows for place, rows in found.items() if all(r["state"] in _ENDED for r in rows)}

    def last_keys(self) -> dict[str, tuple[str, Key]]:
        """Fingerprint and key of the last attempt at each entry that came to an end."""
        rows = self._database.execute(
            "SELECT entry, fingerprint, config_hash, model_hash, MAX(id) FROM attempts "
            f"WHERE state IN ({', '.join('?' * len(_ENDED))}) GROUP BY entry",
            _ENDED,
        )
        return {r["entry"]: (r["fingerprint"], Key(r["config_hash"], r["model_hash"])) for r in rows}

    def end_of(self, entry: str) -> list[sqlite3.Row]:
        """The attempt at one entry that counts, a row for each of its studies."""
        return self._database.execute(f"WITH {_CURRENT} SELECT * FROM rows WHERE entry = ? ORDER BY id", (entry,)).fetchall()

    def started(self, entry: str, worker: str) -> None:
        """A worker began an entry."""
        with self._database as db:
            db.execute(
                "UPDATE attempts SET state = 'running', worker = ?, started = ? WHERE entry = ? AND state IN ('waiting', 'running')",
                (worker, _now(), entry),
            )

    def finished(self, entry: str, outcomes: Sequence[Outcome], peak_mb: float | None = None) -> None:
        """Its studies' ends; a further study of the entry gets a row of its own. `peak_mb`: most memory the worker has held so far."""
        with self._database as db:
            row = db.execute("SELECT * FROM attempts WHERE entry = ? AND state IN ('waiting', 'running')", (entry,)).fetchone()
            for n, outcome in enumerate(outcomes):
                values = self._values(outcome) | {"peak_mb": peak_mb}
                if n == 0:
                    db.execute(f"UPDATE attempts SET {', '.join(f'{c} = ?' for c in values)} WHERE id = ?", (*values.values(), row["id"]))
                else:
                    kept = {
                        c: row[c] for c in ("entry", "fingerprint", "config_hash", "model_hash", "attempt", "worker", "started", "because")
                    }
                    both = kept | values
                    db.execute(f"INSERT INTO attempts ({', '.join(both)}) VALUES ({', '.join('?' * len(both))})", tuple(both.values()))

    def again(self, entry: str, fingerprint: str, because: Because, key: Key) -> None:
        """One more attempt at an entry that failed."""
        with self._database:
            self._wait([(entry, fingerprint, because)], key)

    def put_back(self, entry: str) -> None:
        """It did not run after all, through no fault of its own."""
        with self._database as db:
            db.execute(
                "UPDATE attempts SET state = 'waiting', worker = NULL, started = NULL WHERE entry = ? AND state = 'running'", (entry,)
            )

    def refuse(self, entry: str, study: str, reason: Reason, detail: str) -> None:
        """Take a study from an entry."""
        with self._database as db:
            db.execute(
                "UPDATE attempts SET state = 'refused', reason = ?, detail = ?, folder = '' WHERE entry = ? AND study = ? "
                "AND state IN ('graded', 'partly', 'refused')",
                (reason, escaped(detail), entry, study),
            )

    def last_rows(self) -> Iterator[sqlite3.Row]:
        """The attempt that counts of each entry, with what is known of the entry; not of one that is gone and was not given last time."""
        query = (
            f"WITH {_CURRENT} SELECT e.source, e.place, e.position, e.batch, e.given, e.withdrawn, rows.* "
            "FROM entries e JOIN rows USING (entry) WHERE e.withdrawn != 1 ORDER BY e.source, rows.study"
        )
        batch = int(self._meta("batch"))
        for row in self._database.execute(query):
            if row["batch"] == batch or row["withdrawn"] == _KEPT or _exists(row["place"]):
                yield row

    def graded_before(self) -> dict[str, dict[str, Earlier]]:
        """Results that were made here, of any time: by study, and by what they were made of (`stored.made_of`)."""
        query = (
            "SELECT e.*, a.study, a.input_hash || '/' || a.config_hash AS made_of FROM attempts a JOIN entries e USING (entry) "
            "WHERE a.state IN ('graded', 'partly') AND a.study IS NOT NULL ORDER BY a.id"
        )
        found: dict[str, dict[str, Earlier]] = defaultdict(dict)
        batch = int(self._meta("batch"))
        for row in self._database.execute(query):
            there = row["withdrawn"] == 0 and (row["batch"] == batch or _exists(row["place"]))
            withdrawn = row["withdrawn"] == _WITHDRAWN or bool(row["input"] and there)
            before = found[row["study"]].pop(row["made_of"], None)
            found[row["study"]][row["made_of"]] = Earlier(row["source"], withdrawn or (before is not None and before.withdrawn))
        return found

    def _withdraw(self, batch: int, scope: Scope) -> None:
        """Mark the entries of earlier batches that are no more."""
        rows = self._database.execute("SELECT entry, place, input, withdrawn FROM entries WHERE batch != ?", (batch,)).fetchall()
        marks = []
        for row in rows:
            gone = not _exists(row["place"])
            if (gone and row["input"]) or scope.covers(os.fsdecode(row["input"]), _path(row["place"])):
                marks.append((_KEPT if gone and (scope.keep or row["withdrawn"] == _KEPT) else _WITHDRAWN, row["entry"]))
        self._database.executemany("UPDATE entries SET withdrawn = ? WHERE entry = ?", marks)

    def _values(self, outcome: Outcome) -> dict[str, object]:
        person = outcome.person
        patient, day = self.pseudonyms.patient_and_day(person.id, person.study_date)
        values: dict[str, object] = {
            "study": outcome.study,
            "input_hash": outcome.input_hash,
            "state": outcome.state,
            "reason": outcome.reason,
            "detail": escaped(outcome.detail),
            "folder": outcome.folder,
            "taken_over": int(outcome.taken_over),
            "kept": outcome.kept,
            "ended": _now(),
            "seconds": outcome.seconds,
            "method": outcome.method,
            "automatic": outcome.automatic,
            "version": outcome.version or __version__,  # a refusal or a failure is of this program too
            "sex": outcome.sex,
            "age": person.age_years,
            "people_group": person.group,
            "patient": patient,
            "day": day,
            "height_m": person.height_m,
            "weight_kg": person.weight_kg,
            "lean_kg": person.lean_kg,
        }
        return values | {"because": outcome.because} if outcome.because else values


def _described(entry: Entry, position: int, batch: int) -> tuple[object, ...]:
    return entry.key, escaped(entry.source), _place(entry), position, batch, _given(entry), _stored(entry.given_by)


def _place(entry: Entry) -> str | bytes:
    path = entry.root / entry.parts[0] if entry.parts and not entry.parts[0].startswith(":") else entry.root
    return _stored(str(path.absolute()))


def _stored(path: str) -> str | bytes:
    """A path as SQLite takes it: bytes where its name is not UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def _path(stored: str | bytes) -> Path:
    return Path(os.fsdecode(stored))


def _exists(stored: str | bytes) -> bool:
    return _path(stored).exists()


def _given(entry: Entry) -> str:
    return json.dumps({"operated_side": entry.given.operated_side, "extra": dict(entry.given.extra)}, ensure_ascii=False)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


@contextmanager
def opened(out: Path) -> Iterator[Ledger]:
    """The ledger of an output folder that exists; made if it is not there.

    Raises:
        RefusedInput: `ledger_unreadable`.
        TransientFailure: `output_not_writable`, also while it is in use.
    """
    try:
        database = sqlite3.connect(out / NAME, isolation_level="IMMEDIATE", timeout=30)
        try:
            yield Ledger(database)
        finally:
            database.close()
    except sqlite3.OperationalError as error:  # disk full, read-only, locked
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, f"ledger: {error}") from error
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):  # a defect of ours, not of the file
        raise
    except sqlite3.DatabaseError as error:
        raise RefusedInput(Reason.LEDGER_UNREADABLE, str(error)) from error
