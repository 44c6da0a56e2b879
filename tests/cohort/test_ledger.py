"""The ledger file: damaged, of another version, in use; pseudonyms."""

from __future__ import annotations

import datetime
import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.cohort.ledger import NAME, Key, opened
from gluteal_grade.cohort.lock import locked
from gluteal_grade.cohort.pseudonyms import Pseudonyms
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure


def test_what_is_no_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"not a database" * 100)
    with pytest.raises(RefusedInput) as caught, opened(tmp_path):
        pass
    assert caught.value.reason is Reason.LEDGER_UNREADABLE
    assert (tmp_path / NAME).read_bytes().startswith(b"not a database")


def test_a_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    database = sqlite3.connect(tmp_path / NAME)
    with database:
        database.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    database.close()
    with pytest.raises(RefusedInput) as caught, opened(tmp_path):
        pass
    assert caught.value.reason is Reason.LEDGER_UNREADABLE
    assert "99" in caught.value.detail


V1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (entry TEXT PRIMARY KEY, source TEXT NOT NULL, place TEXT NOT NULL, position INTEGER NOT NULL, batch INTEGER NOT NULL,
    given TEXT NOT NULL);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, entry TEXT NOT NULL REFERENCES entries (entry), study TEXT, fingerprint TEXT NOT NULL,
    input_hash TEXT NOT NULL DEFAULT '', config_hash TEXT NOT NULL, model_hash TEXT NOT NULL, attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'graded', 'partly', 'refused', 'failed')),
    reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '', folder TEXT NOT NULL DEFAULT '',
    taken_over INTEGER NOT NULL DEFAULT 0,
    worker TEXT, started TEXT, ended TEXT, seconds REAL, peak_mb REAL,
    method TEXT NOT NULL DEFAULT '', automatic INTEGER, version TEXT NOT NULL DEFAULT '',
    sex TEXT, age REAL, people_group TEXT, patient TEXT, day INTEGER
);
INSERT INTO meta VALUES ('version', '1'), ('salt', 'ab'), ('batch', '3');
INSERT INTO attempts (entry, study, fingerprint, config_hash, model_hash, attempt, state, version)
    VALUES ('e', 'aaaaaaaaaaaa', 'f', 'c', 'm', 1, 'graded', '0.1.0');
"""  # as 0.1 wrote it


def test_a_ledger_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / NAME)
    database.executescript(V1)
    database.close()
    for _ in range(2):
        with opened(tmp_path) as ledger:
            rows = ledger.ended(Key("c", "m"))["e", "f"]
            assert [(r["study"], r["version"], r["because"]) for r in rows] == [("a" * 12, "0.1.0", "")]
            assert ledger.pseudonyms.patient_and_day("x", None) == Pseudonyms("ab").patient_and_day("x", None)
    database = sqlite3.connect(tmp_path / NAME)
    assert database.execute("SELECT value FROM meta WHERE name = 'version'").fetchone() == ("4",)
    database.close()


def _hold(folder: str, held: object, release: object) -> None:
    with locked(Path(folder)):
        held.set()  # type: ignore[attr-defined]
        release.wait(30)  # type: ignore[attr-defined]


@pytest.mark.long
def test_two_batches_do_not_share_a_folder_and_a_dead_one_lets_go(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path), held, release))
    other.start()
    assert held.wait(30)
    with pytest.raises(TransientFailure) as caught, locked(tmp_path):
        pass
    assert caught.value.reason is Reason.OUTPUT_IN_USE
    other.kill()
    other.join()
    with locked(tmp_path):
        pass


DATES = st.dates(datetime.date(1980, 1, 1), datetime.date(2100, 1, 1))


@pytest.mark.long
@given(st.text(min_size=1), st.text(min_size=1), DATES, DATES)
def test_pseudonyms_keep_who_is_who_and_days_apart(one: str, other: str, first: datetime.date, second: datetime.date) -> None:
    names = Pseudonyms("00" * 16)
    p1, d1 = names.patient_and_day(one, first)
    p2, d2 = names.patient_and_day(one, second)
    q, _ = names.patient_and_day(other, first)
    assert p1 == p2
    assert d1 is not None
    assert d2 is not None
    assert d2 - d1 == (second - first).days
    assert (q == p1) == (one == other)
    assert Pseudonyms("01" * 16).patient_and_day(one, first) != (p1, d1)
    assert names.patient_and_day(None, first) == (None, None)
    assert names.patient_and_day(one, None) == (p1, None)
