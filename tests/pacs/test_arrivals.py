"""Which studies are whole, and that none is lost or done twice."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gluteal_grade.io.study import study_id
from gluteal_grade.pacs.arrivals import Arrivals
from gluteal_grade.pacs.config import ReceiveSettings
from gluteal_grade.pacs.header import Identity
from gluteal_grade.pacs.inbox import Inbox, Outcome, images_in

MR = "1.2.840.10008.5.1.4.1.1.4"


class Clock:
    now = 1e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def put(inbox: Inbox, arrivals: Arrivals | None, study: str, instance: str, association: int = 1, data: bytes = b"x") -> str:
    stored = inbox.store((MR, instance), Identity(study, instance, MR), b"head", memoryview(data))
    assert stored.outcome.stored
    assert stored.study == study_id([study])
    if arrivals is not None:
        arrivals.arrived(stored.study, association)
    return stored.study


def inbox_at(folder: Path) -> Inbox:
    return Inbox(ReceiveSettings(inbox=folder, min_free_gb=0))


def test_a_study_is_ready_when_quiet_and_its_sender_has_gone(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 30, clock)
    study = put(inbox, arrivals, "1.2", "1.2.1", association=7)
    put(inbox, arrivals, "1.2", "1.2.2", association=8)
    assert (arrivals.ready(), arrivals.backlog()) == ([], 1)
    clock.now += 31
    assert arrivals.ready() == []  # both associations are open; twice the time would do
    arrivals.closed(7)
    assert arrivals.ready() == []
    arrivals.closed(8)
    (ready,) = arrivals.ready()
    assert (ready.study, ready.images, ready.folder, ready.last_arrival) == (study, 2, tmp_path / study, 1e9)


def test_an_association_that_never_ends_holds_a_study_only_so_long(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 30, clock)
    put(inbox, arrivals, "1.2", "1.2.1")
    clock.now += 59
    assert arrivals.ready() == []
    clock.now += 2
    assert len(arrivals.ready()) == 1


def test_late_images_reopen_and_the_same_images_do_not(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 1, clock)
    study = put(inbox, arrivals, "1.2", "1.2.1")
    arrivals.closed(1)
    clock.now += 2
    (ready,) = arrivals.ready()
    assert arrivals.taken(study)
    assert (arrivals.ready(), arrivals.taken(study)) == ([], False)
    put(inbox, arrivals, "1.2", "1.2.2", association=2)  # while it is worked on
    arrivals.done(study, ready.fingerprint)
    arrivals.closed(2)
    clock.now += 2
    (again,) = arrivals.ready()
    assert again.images == 2
    assert arrivals.taken(study)
    arrivals.done(study, again.fingerprint)
    put(inbox, arrivals, "1.2", "1.2.2", association=3)  # sent again as it was
    arrivals.closed(3)
    clock.now += 2
    assert (arrivals.ready(), arrivals.backlog()) == ([], 0)


def test_a_restart_finds_what_is_not_done(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 1, clock)
    studies = [put(inbox, arrivals, f"1.{k}", f"1.{k}.1") for k in (1, 2, 3)]
    arrivals.closed(1)
    clock.now += 2
    ready = {one.study: one for one in arrivals.ready()}
    assert arrivals.taken(studies[0])
    arrivals.done(studies[0], ready[studies[0]].fingerprint)
    clock.now += 1e9  # files have the time of the real clock
    later = Arrivals(tmp_path, 1, clock)
    assert {one.study for one in later.ready()} == set(studies[1:])
    assert not later.taken(studies[0])  # done


def test_a_damaged_mark_means_not_done(tmp_path: Path, clock: Clock) -> None:
    inbox = inbox_at(tmp_path)
    study = put(inbox, None, "1.2", "1.2.1")
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / f"{study}.json").write_text('{"finger')
    clock.now += 1e9
    assert [one.study for one in Arrivals(tmp_path, 1, clock).ready()] == [study]


def test_only_one_process_works_on_a_study_and_its_death_frees_it(tmp_path: Path, clock: Clock) -> None:
    inbox = inbox_at(tmp_path)
    study = put(inbox, None, "1.2", "1.2.1")
    clock.now += 1e9
    code = (
        "import sys, time, pathlib\nfrom gluteal_grade.pacs.arrivals import Arrivals\n"
        f"arrivals = Arrivals(pathlib.Path(sys.argv[1]), 1)\nprint(arrivals.taken('{study}'), flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        arrivals = Arrivals(tmp_path, 1, clock)
        held = not arrivals.taken(study)
        other.kill()
        other.wait()
    assert held
    assert arrivals.taken(study)


def test_what_failed_waits_and_new_images_end_the_wait(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 1, clock)
    study = put(inbox, arrivals, "1.2", "1.2.1")
    arrivals.closed(1)
    clock.now += 2
    assert arrivals.taken(study)
    arrivals.back(study, 100)
    clock.now += 99
    assert arrivals.ready() == []
    put(inbox, arrivals, "1.2", "1.2.2", association=2)
    arrivals.closed(2)
    clock.now += 1.5
    assert len(arrivals.ready()) == 1


def test_hurry_waits_for_nothing(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 30, clock)
    study = put(inbox, arrivals, "1.2", "1.2.1")
    arrivals.hurry([study, "unknown"])
    assert [one.study for one in arrivals.ready()] == [study]


def test_done_studies_are_tidied_away_and_stay_done(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 1, clock)
    done, waits = put(inbox, arrivals, "1.1", "1.1.1"), put(inbox, arrivals, "1.2", "1.2.1")
    arrivals.closed(1)
    clock.now += 2
    fingerprint = next(one.fingerprint for one in arrivals.ready() if one.study == done)
    arrivals.taken(done)
    arrivals.done(done, fingerprint)
    assert arrivals.tidy(100, inbox.remove) == []
    clock.now += 100
    assert arrivals.tidy(100, inbox.remove) == [done]
    assert (images_in(tmp_path / done), len(images_in(tmp_path / waits))) == ([], 1)
    put(inbox, arrivals, "1.1", "1.1.1", association=2)  # sent once more
    arrivals.closed(2)
    clock.now += 2
    assert [one.study for one in arrivals.ready()] == [waits]


def test_an_image_that_comes_while_tidying_is_not_deleted(tmp_path: Path, clock: Clock) -> None:
    inbox, arrivals = inbox_at(tmp_path), Arrivals(tmp_path, 1, clock)
    study = put(inbox, arrivals, "1.2", "1.2.1")
    arrivals.closed(1)
    clock.now += 2
    (ready,) = arrivals.ready()
    arrivals.taken(study)
    arrivals.done(study, ready.fingerprint)
    clock.now += 1000
    put(inbox, None, "1.2", "1.2.2")  # stored, not yet told
    assert arrivals.tidy(100, inbox.remove) == []
    assert len(images_in(tmp_path / study)) == 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["put", "work", "restart"]), st.integers(0, 2), st.integers(0, 5)), max_size=25))
def test_whatever_happens_each_set_of_images_is_done_once(steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), Clock()
        clock.now = 4e9
        inbox, arrivals = inbox_at(folder), Arrivals(folder, 1, clock)
        sent: dict[str, set[int]] = {}
        done: list[tuple[str, str]] = []

        def work() -> None:
            for ready in arrivals.ready():
                assert arrivals.taken(ready.study)
                assert ready.images == len(sent[ready.study])
                done.append((ready.study, ready.fingerprint))
                arrivals.done(ready.study, ready.fingerprint)

        for kind, study, number in steps:
            clock.now += 10
            if kind == "put":
                sent.setdefault(put(inbox, arrivals, f"1.{study}", f"1.{study}.{number}"), set()).add(number)
                arrivals.closed(1)
            elif kind == "restart":
                arrivals = Arrivals(folder, 1, clock)
            else:
                work()
        clock.now += 10
        work()
        assert arrivals.backlog() == 0
        assert {study for study, _ in done} == set(sent)
        assert len(done) == len(set(done))
        inbox.close()


def test_stored_bytes_are_those_given_and_the_first_stay(tmp_path: Path) -> None:
    inbox = inbox_at(tmp_path)
    data = bytes(range(256)) * 9000  # more than one block
    study = put(inbox, None, "1.2", "1.2.1", data=data)
    (path,) = (tmp_path / study).iterdir()
    assert path.read_bytes() == b"head" + data

    def outcome(other: bytes) -> Outcome:
        return inbox.store((MR, "1.2.1"), Identity("1.2", "1.2.1", MR), b"head", memoryview(other)).outcome

    assert outcome(data) is Outcome.AGAIN
    assert outcome(data[:-1] + b"!") is Outcome.DIFFERS
    assert outcome(data + b"!") is Outcome.DIFFERS
    assert path.read_bytes() == b"head" + data
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_command_and_data_set_must_agree(tmp_path: Path) -> None:
    inbox = inbox_at(tmp_path)
    stored = inbox.store((MR, "1.2.3"), Identity("1.2", "1.2.1", MR), b"head", memoryview(b"x"))
    assert (stored.outcome, stored.outcome.status) == (Outcome.MISMATCH, 0xA900)
    assert not (tmp_path / study_id(["1.2"])).exists()


def test_what_a_crash_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".incoming").mkdir()
    (tmp_path / ".incoming" / "half").write_bytes(b"x")
    inbox = inbox_at(tmp_path)
    assert list((tmp_path / ".incoming").iterdir()) == []
    inbox.close()
