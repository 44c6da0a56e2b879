"""What `grade` tells a person who waits."""

from __future__ import annotations

import io
import time

from gluteal_grade.cli.steps import Steps
from gluteal_grade.stopwatch import Step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def wait_for(stream: io.StringIO, text: str) -> None:
    end = time.monotonic() + 60
    while text not in stream.getvalue():
        assert time.monotonic() < end, stream.getvalue()
        time.sleep(0.01)


def test_a_terminal_is_told_the_step_that_is_going_on() -> None:
    stream = Terminal()
    with Steps(stream=stream, after_s=0.0) as steps:
        wait_for(stream, "reading the images")
        steps(Step.LABEL)
        wait_for(stream, "finding the hips")
        steps(Step.MEASURE)
        wait_for(stream, "measuring")
    assert stream.getvalue().endswith("\x1b[2K")  # the line is gone


def test_a_short_study_shows_nothing() -> None:
    stream = Terminal()
    with Steps(stream=stream, after_s=3600.0) as steps:
        steps(Step.LABEL)
    assert stream.getvalue() == ""


def test_a_file_is_told_nothing_unless_asked() -> None:
    stream = io.StringIO()
    with Steps(stream=stream, after_s=0.0) as steps:
        steps(Step.LABEL)
    assert stream.getvalue() == ""
    with Steps(stream=stream, verbose=True, labels=True) as steps:
        steps(Step.LABEL)
        steps(Step.DRAW)
    told = [line.split(" s  ")[1] for line in stream.getvalue().splitlines()]
    assert told == ["reading the images", "reading the label map", "drawing and writing", "done"]
    assert "\x1b" not in stream.getvalue()


def test_quiet_is_quiet() -> None:
    stream = Terminal()
    with Steps(stream=stream, quiet=True, after_s=0.0) as steps:
        steps(Step.LABEL)
        time.sleep(0.05)
    assert stream.getvalue() == ""


def test_an_error_leaves_the_terminal_clean() -> None:
    stream = Terminal()
    try:
        with Steps(stream=stream, after_s=0.0):
            wait_for(stream, "reading")
            raise KeyError
    except KeyError:
        pass
    assert stream.getvalue().endswith("\x1b[2K")
