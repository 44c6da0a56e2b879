"""What became of every study from a PACS."""

from __future__ import annotations

import datetime
import sqlite3
from pathlib import Path

import pytest

from gluteal_grade.errors import RefusedInput
from gluteal_grade.pacs.state import NAME, Known, opened

DAY = datetime.date(2026, 1, 5)


def known(study: str = "a" * 12, images: int = 5, origin: str = "asked", state: str = "graded", objects: str = "h1") -> Known:
    return Known(study, images, origin, state, "", study, objects)


def test_a_study_is_worked_on_until_it_has_ended(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        assert state.wanted("a" * 12, 5)
        state.record(known())
        assert not state.wanted("a" * 12, 5)
        assert not state.wanted("a" * 12, 4)
        assert state.wanted("a" * 12, 6)
        state.record(known(state="failed"))
        assert state.wanted("a" * 12, 5)
        state.record(known(origin="prior"))
        assert state.wanted("a" * 12, 5)
    with opened(tmp_path) as again:
        assert again.known("a" * 12) == known(origin="prior")


def test_results_are_sent_once_until_they_change(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        state.record(known())
        state.record(known("b" * 12, origin="prior"))
        state.record(known("c" * 12, state="refused", objects=""))
        assert [k.study for k in state.unsent()] == ["a" * 12]
        state.sent("a" * 12, "h1", 3)
        assert state.unsent() == []
        assert not state.wanted("a" * 12, 5 + 3)  # our own results are no new images
        assert state.wanted("a" * 12, 5 + 3 + 1)
        state.record(known())  # the same again
        assert state.unsent() == []
        state.record(known(images=7, objects="h2"))
        assert [k.objects for k in state.unsent()] == ["h2"]


def test_the_report_with_the_prior_waits_for_the_results_and_is_no_new_image(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        state.record(known())
        state.record(known("b" * 12, origin="prior"))
        assert state.delivered() == []
        state.sent("a" * 12, "h1", 3)
        assert [k.study for k in state.delivered()] == ["a" * 12]
        assert state.prior_report("a" * 12) == ""
        state.sent_prior_report("a" * 12, "p1", 1)
        state.sent_prior_report("a" * 12, "p2", 1)
        assert state.prior_report("a" * 12) == "p2"
        assert not state.wanted("a" * 12, 5 + 3 + 2)
        assert state.wanted("a" * 12, 5 + 3 + 2 + 1)
        state.record(known(objects="h2"))  # made anew, not yet sent
        assert state.delivered() == []


def test_only_a_complete_night_moves_the_date(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        assert state.last_complete() is None
        first = state.begin_night(DAY, DAY + datetime.timedelta(1))
        state.end_night(first, complete=True)
        second = state.begin_night(DAY, DAY + datetime.timedelta(9))
        state.end_night(second, complete=False)
        state.begin_night(DAY, DAY + datetime.timedelta(10))  # killed
        assert state.last_complete() == DAY + datetime.timedelta(1)


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"x" * 5000)
    with pytest.raises(RefusedInput), opened(tmp_path):
        pass
    (tmp_path / NAME).unlink()
    database = sqlite3.connect(tmp_path / NAME)
    database.execute("PRAGMA user_version = 7")
    database.close()
    with pytest.raises(RefusedInput, match="version 7"), opened(tmp_path):
        pass
