"""What a batch says of itself."""

from __future__ import annotations

import io
import json

from rich.console import Console

from gluteal_grade import __version__
from gluteal_grade.cohort.observer import Tally
from gluteal_grade.cohort.progress import Bar, JsonLines
from gluteal_grade.cohort.task import Because, Outcome, State


def test_json_lines_hold_states_and_counts() -> None:
    stream = io.StringIO()
    lines = JsonLines(stream)
    lines.planned(Tally(2, 1, 1, 0, 0), {"k": 7})
    lines.started("k")
    lines.retried("k", "worker_lost", 1)
    lines.ended("k", (Outcome("a" * 12, State.GRADED, seconds=2.0), Outcome(None, State.REFUSED, "no_images")), Tally(2, 1, 2, 1, 0))
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert set(told[0]) == {"time", "event", "total", "before", "done", "refused", "failed"}
    assert [t["event"] for t in told] == ["planned", "started", "retried", "study", "study"]
    assert [t.get("state") for t in told[3:]] == ["graded", "refused"]
    assert told[4] | {"reason": "no_images", "done": 2, "refused": 1, "study": None} == told[4]


def test_why_studies_are_graded_again_is_told() -> None:
    stream = io.StringIO()
    JsonLines(stream).explained({Because.PROGRAM_CHANGED: 3}, 2, ["0.0.9"])
    told = json.loads(stream.getvalue())
    assert (told["event"], told["because"], told["kept_of_other_versions"]) == ("again", {"program_changed": 3}, 2)
    assert (told["other_versions"], told["version"]) == (["0.0.9"], __version__)
    stream = io.StringIO()
    bar = Bar(Console(file=stream, force_terminal=False, width=120))
    bar.explained({Because.PROGRAM_CHANGED: 3, Because.INPUT_CHANGED: 1}, 2, ["0.0.9"])
    text = stream.getvalue()
    assert f"3 graded again: graded by another version of the program (0.0.9; this is {__version__})" in text
    assert "1 graded again: the files" in text
    assert "2 kept" in text


def test_a_log_file_gets_lines_and_no_terminal_codes() -> None:
    stream = io.StringIO()
    bar = Bar(Console(file=stream, force_terminal=False, width=80))
    bar.planned(Tally(2, 0, 0, 0, 0), {"k": 1, "l": 1})
    bar.retried("k", "worker_lost", 1)
    bar.ended("k", (), Tally(2, 0, 1, 0, 0))
    bar.ended("l", (), Tally(2, 0, 2, 1, 0))
    bar.close()
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "2 entries" in text
    assert "(worker_lost); trying again" in text
    assert "2 of 2 done" in text
    assert "1 refused" in text


def test_a_line_for_each_study_where_it_is_asked_for() -> None:
    stream = io.StringIO()
    bar = Bar(Console(file=stream, force_terminal=False, width=80), verbose=True)
    bar.planned(Tally(3, 0, 0, 0, 0), {})
    bar.ended("k", (Outcome("a" * 12, State.GRADED, seconds=2.04, taken_over=False),), Tally(3, 0, 1, 0, 0))
    bar.ended("l", (Outcome("b" * 12, State.GRADED, seconds=0.1, taken_over=True),), Tally(3, 0, 2, 0, 0))
    bar.ended("m", (Outcome(None, State.REFUSED, "no_images"),), Tally(3, 0, 3, 1, 0))
    bar.close()
    text = stream.getvalue()
    assert "aaaaaaaaaaaa: graded in 2.0 s\n" in text
    assert "bbbbbbbbbbbb: taken over\n" in text
    assert "an entry without a study: refused (no_images)\n" in text


def test_a_terminal_gets_a_bar_with_counts_and_the_time_left() -> None:
    stream = io.StringIO()
    now = 0.0
    bar = Bar(Console(file=stream, force_terminal=True, width=120), clock=lambda: now)
    now = 10.0
    bar.planned(Tally(4, 2, 2, 0, 0), {"k": 1, "l": 1})
    now = 14.0
    bar.ended("k", (Outcome("a" * 12, State.GRADED, seconds=4.0),), Tally(4, 2, 3, 1, 0))
    bar.close()
    text = stream.getvalue()
    assert "4 entries, 2 done before" in text
    assert "3/4" in text
    assert "about 0:00:04 left, 1 refused, 0 failed" in text
