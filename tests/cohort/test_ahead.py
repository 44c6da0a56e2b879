"""Reading ahead is a hint: whatever it meets, it does no harm."""

from __future__ import annotations

import os
from pathlib import Path

from gluteal_grade.cohort.ahead import Ahead
from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.task import Task
from tests.cohort.inline import recipe


def test_files_that_are_missing_forbidden_or_huge_are_let_be(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    huge = tmp_path / "in" / "huge"
    with huge.open("wb") as stream:
        stream.truncate(2**33)  # sparse
    (tmp_path / "in" / "link").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "in" / "pipe")  # opening it would wait for a writer
    ahead = Ahead()
    for entry in (Entry("a", tmp_path / "in"), Entry("b", tmp_path / "gone"), Entry("c", tmp_path / "in", ("x", "huge"))):
        ahead(Task(recipe(tmp_path / "out"), entry))
    ahead._thread.shutdown(wait=True)
    assert sorted(p.name for p in (tmp_path / "in").iterdir()) == ["huge", "link", "pipe"]
