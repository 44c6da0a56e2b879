"""No decision is lost, doubled or changed, whatever happens."""

from __future__ import annotations

import gc
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gluteal_grade import __version__
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.review.model import Decision, Item, Key, Session
from gluteal_grade.review.store import Progress, Store
from tests.review.deciding import STUDY, decision, grade_key
from tests.waiting import PATIENCE_S

ANNA, BEN = Session("anna"), Session("ben", 2, blinded=True)
KEYS = [grade_key(muscle, side) for muscle in ("gluteus_medius", "gluteus_minimus") for side in ("left", "right")]
KEYS += [grade_key(scale="goutallier"), Key(Item.NOTE), Key(Item.FINISHED)]
VALUES = {Item.GRADE: ("0", "1", "2", "not_assessable", ""), Item.NOTE: ("a", "b", ""), Item.FINISHED: ("yes", "no", "")}


class Machine(RuleBasedStateMachine):
    """The store against a dict and a list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder)
        self.sent: list[tuple[Session, Decision]] = []

    @rule(session=st.sampled_from([ANNA, BEN]), study=st.sampled_from(["aa" * 6, "bb" * 6]), data=st.data())
    def decide(self, session: Session, study: str, data: st.DataObject) -> None:
        keys = data.draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3))
        some = [decision(data.draw(st.sampled_from(VALUES[key.item])), key, study=study) for key in keys]
        assert self.store.add(session, some, "r") == len(some)
        self.sent += [(session, one) for one in some]

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        if self.sent:
            session, one = data.draw(st.sampled_from(self.sent))
            assert self.store.add(session, [one], "r") == 0

    @rule(data=st.data())
    def misuse_an_id(self, data: st.DataObject) -> None:
        if self.sent:
            session, one = data.draw(st.sampled_from(self.sent))
            fresh = decision("1")
            with pytest.raises(RefusedInput, match=Reason.BAD_DECISION):
                self.store.add(session, [fresh, replace(one, program="3")], "r")

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = Store(self.folder)

    @invariant()
    def holds(self) -> None:
        assert [(row.session, row.decision) for row in self.store.rows()] == self.sent
        for session in (ANNA, BEN):
            expected: dict[str, Progress] = {}
            for study in ("aa" * 6, "bb" * 6):
                mine = [one for who, one in self.sent if who == session and one.study == study]
                last = {one.key: one.value for one in mine}
                found = self.store.current(session, study)
                assert {key: row.decision.value for key, row in found.items()} == {key: value for key, value in last.items() if value}
                if mine:
                    graded = {(key.muscle, key.side) for key in found if key.item is Item.GRADE}
                    expected[study] = Progress(len(graded), last.get(Key(Item.FINISHED)) == "yes", Key(Item.NOTE) in found)
            assert self.store.progress(session) == expected

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


TestStore = Machine.TestCase
TestStore.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)


def test_a_row_tells_who_what_and_when(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sent = decision("3", program="2")
    assert store.add(BEN, [sent, decision("2", program="2"), decision("2", program="2", seen=False)], "feed") == 3
    rows = store.history(STUDY)
    assert [row.verdict for row in rows] == ["overruled", "accepted", ""]
    assert (rows[0].session, rows[0].decision, rows[0].result_hash, rows[0].version) == (BEN, sent, "feed", __version__)
    assert rows[0].at.endswith("+00:00")
    assert store.history("cd" * 6) == ()
    store.close()


def test_rows_cannot_be_changed_or_taken_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(ANNA, [decision("1")], "r")
    store.close()
    database = sqlite3.connect(tmp_path / "review" / "review.sqlite")
    for statement in ("UPDATE decisions SET value = '2'", "DELETE FROM decisions", "UPDATE decisions SET reader = 'ben'"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            database.execute(statement)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    database.close()


@pytest.mark.parametrize("session", [Session("program"), Session("../x"), Session(""), Session("a", 0), Session("=cmd")])
def test_a_session_that_is_none_stores_nothing(tmp_path: Path, session: Session) -> None:
    store = Store(tmp_path)
    with pytest.raises(RefusedInput, match=Reason.BAD_DECISION):
        store.add(session, [decision("1")], "r")
    assert list(store.rows()) == []


def test_one_bad_decision_stops_all_of_a_save(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(RefusedInput, match=Reason.BAD_DECISION):
        store.add(ANNA, [decision("1"), decision("9")], "r")
    with pytest.raises(RefusedInput, match=Reason.BAD_DECISION):
        store.add(ANNA, [decision("1"), decision("1", study="../../etc")], "r")
    assert list(store.rows()) == []


def test_a_damaged_file_is_told_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "review").mkdir()
    (tmp_path / "review" / "review.sqlite").write_bytes(b"no database at all, but long enough to be looked at as one" * 50)
    with pytest.raises(RefusedInput, match=Reason.LEDGER_UNREADABLE) as told:
        Store(tmp_path)
    assert str(tmp_path) not in str(told.value)


def test_threads_share_a_store(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def save(reader: str) -> None:
        for _ in range(15):
            store.add(Session(reader), [decision("1")], "r")

    threads = [threading.Thread(target=save, args=(f"r{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(row.session.reader == f"r{n}" for row in store.rows()) for n in range(4)] == [15] * 4
    gc.collect()
    assert len(store._database._all) == 1  # threads that ended keep no file open
    store.close()


WRITER = """
import sys, uuid
from pathlib import Path
from gluteal_grade.review.model import Decision, Item, Key, Session
from gluteal_grade.review.store import Store
out, reader, first, count, at_once = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
store = Store(out)
key = Key(Item.GRADE, "gluteus_medius", "left", "quartile")
for n in range(first, first + count):
    some = [Decision(str(uuid.uuid5(uuid.NAMESPACE_OID, f"{reader} {n} {k}")), "ab" * 6, key, "2") for k in range(at_once)]
    store.add(Session(reader), some, "r")
    print(n, flush=True)
"""


def writer(out: Path, reader: str, first: int, count: int, at_once: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(out), reader, *map(str, (first, count, at_once))]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def ids(reader: str, n: int, at_once: int) -> list[str]:
    return [str(uuid.uuid5(uuid.NAMESPACE_OID, f"{reader} {n} {k}")) for k in range(at_once)]


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    both = [writer(tmp_path, reader, 0, 100, 5) for reader in ("anna", "ben")]
    assert [process.communicate(timeout=PATIENCE_S)[0].split()[-1] for process in both] == ["99", "99"]
    found = [row.decision.id for row in Store(tmp_path).rows()]
    assert len(found) == 1000
    assert set(found) == {id for reader in ("anna", "ben") for n in range(100) for id in ids(reader, n, 5)}


@pytest.mark.long
def test_a_process_killed_while_saving_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    rng = random.Random(3)
    acknowledged, first = [], 0
    for _ in range(8):
        process = writer(tmp_path, "anna", first, 10_000, 3)
        assert process.stdout is not None
        for _ in range(rng.randrange(1, 25)):
            acknowledged.append(int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split()]
        process.wait()
        process.stdout.close()
        first = acknowledged[-1] + 100  # what was being saved then is found by its own numbers
    rows = [row.decision.id for row in Store(tmp_path).rows()]
    found = set(rows)
    assert len(rows) == len(found)
    assert {id for n in acknowledged for id in ids("anna", n, 3)} <= found
    # the save it was at is there as a whole or not at all
    assert all(sum(id in found for id in ids("anna", n + 1, 3)) in (0, 3) for n in acknowledged)
    assert len(rows) % 3 == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, 256 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_and_a_read_only_disk_are_told_and_nothing_is_half_stored(small_disk: Path) -> None:
    store = Store(small_disk)
    note = Key(Item.NOTE)
    stored: list[Decision] = []
    some: list[Decision] = []

    def fill() -> None:
        for _ in range(200):
            some[:] = [decision("x" * 4000, note), decision("1")]
            store.add(ANNA, some, "r")
            stored.extend(some)

    with pytest.raises(TransientFailure, match=Reason.OUTPUT_NOT_WRITABLE) as told:
        fill()
    assert str(small_disk) not in str(told.value)
    assert [row.decision for row in store.rows()] == stored
    assert len(stored) > 10
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    assert store.add(ANNA, some, "r") == 2
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    other = Store(small_disk)
    with pytest.raises(TransientFailure, match=Reason.OUTPUT_NOT_WRITABLE):
        other.add(ANNA, [decision("2")], "r")
    assert [row.decision for row in other.rows()] == [*stored, *some]
    other.close()
