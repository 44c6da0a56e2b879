"""Images that come again under the right patient: the study is taken up anew, whatever became of the first ones."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pydicom
import pytest

from gluteal_grade.pacs.arrivals import Ready
from gluteal_grade.pacs.inbox import image_name, images_in, stored_image
from gluteal_grade.pacs.state import NAME, Known, opened
from tests.pacs.receiving import STORESCU, Running, hash_of, storescu, uid, wait, write

pytestmark = pytest.mark.skipif(STORESCU is None, reason="dcmtk is not installed")


def corrected(folder: Path, name: str = "Right^Name", patient: str = "31") -> Path:
    for path in folder.iterdir():
        data = pydicom.dcmread(path)
        data.PatientName, data.PatientID = name, patient
        data.save_as(path)
    return folder


def whole(running: Running) -> Ready:
    wait(lambda: bool(running.receiver.arrivals.ready()))
    (ready,) = running.receiver.arrivals.ready()
    return ready


def worked_on(running: Running, images: int) -> Ready:
    ready = whole(running)
    assert ready.images == images
    assert running.receiver.arrivals.taken(ready.study)
    running.receiver.arrivals.done(ready.study, ready.fingerprint)
    return ready


def patients(folder: Path) -> set[str]:
    return {str(pydicom.dcmread(folder / name).PatientID) for name in images_in(folder)}


@pytest.mark.parametrize("cleared", [False, True], ids=["images still there", "images deleted"])
def test_a_corrected_study_is_taken_up_anew(tmp_path: Path, cleared: bool) -> None:
    sent, inbox = write(tmp_path / "sent", 1, 3), tmp_path / "inbox"
    with Running(inbox) as running:
        assert storescu(running.port, sent) == 0
        first = worked_on(running, 3)
        assert storescu(running.port, sent) == 0  # sent again as it was
        wait(lambda: len(running.lines("association")) == 2)
        assert running.receiver.arrivals.backlog() == 0
        if cleared:
            assert running.receiver.inbox.remove(first.study, first.fingerprint)
        assert storescu(running.port, corrected(sent)) == 0
        second = worked_on(running, 3)
        assert (second.study, second.folder) == (first.study, first.folder)
        assert second.fingerprint != first.fingerprint
        assert patients(second.folder) == {"31"}
        wait(lambda: len(running.lines("association")) == 3)
        assert running.lines("association")[-1].get("corrected", 0) == (0 if cleared else 3)
        assert stored_image(second.folder, uid(1, 2)) is not None
        assert stored_image(second.folder, uid(1, 9)) is None
        assert storescu(running.port, sent) == 0  # the correction once more
        wait(lambda: len(running.lines("association")) == 4)
        assert running.receiver.arrivals.backlog() == 0
        assert storescu(running.port, corrected(sent, "Third^Name", "32")) == 0
        assert patients(worked_on(running, 3).folder) == {"32"}
    log = running.said.getvalue()
    assert "Name" not in log
    assert "31" not in [line.get("patient") for line in running.lines()]


def test_an_inbox_of_an_older_version_knows_its_patient_from_the_images(tmp_path: Path) -> None:
    sent, inbox = write(tmp_path / "sent", 1, 2), tmp_path / "inbox"
    with Running(inbox) as running:
        assert storescu(running.port, sent) == 0
        worked_on(running, 2)
    (inbox / ".state" / f"{hash_of(1)}.patient").unlink()
    with Running(inbox) as running:
        assert storescu(running.port, corrected(sent)) == 0
        assert patients(worked_on(running, 2).folder) == {"31"}
        assert not (inbox / hash_of(1) / image_name(uid(1, 1))).exists()


def test_the_nightly_job_sees_that_a_patient_was_corrected(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / NAME)  # as 0.1 wrote it
    with database:
        database.execute(
            "CREATE TABLE studies (study TEXT PRIMARY KEY, images INTEGER NOT NULL, origin TEXT NOT NULL, state TEXT NOT NULL, "
            "reason TEXT NOT NULL DEFAULT '', folder TEXT NOT NULL DEFAULT '', objects TEXT NOT NULL DEFAULT '', "
            "sent TEXT NOT NULL DEFAULT '', stored INTEGER NOT NULL DEFAULT 0, updated TEXT NOT NULL)"
        )
        database.execute("INSERT INTO studies VALUES ('a', 20, 'asked', 'graded', '', 'a', 'x', 'x', 3, '')")
        database.execute("PRAGMA user_version = 1")
    database.close()
    with opened(tmp_path) as state:
        assert not state.wanted("a", 23, "whose1")  # not known before: known from now on
        assert not state.wanted("a", 23, "whose1")
        assert not state.wanted("a", 23)
        assert state.wanted("a", 23, "whose2")
        state.record(Known("a", 20, "asked", "failed", "retrieve_failed", "", ""))
        assert state.known("a").patient == "whose1"  # type: ignore[union-attr]
        state.record(Known("a", 20, "asked", "graded", "", "a", "y", patient="whose2"))
        assert not state.wanted("a", 23, "whose2")
