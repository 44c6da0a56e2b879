"""How a command ends: exit codes, on which scripts and nightly jobs rely, the lines that tell an error, and being told to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from gluteal_grade.errors import GradeError, RefusedInput
from gluteal_grade.terminal import printable

GRADED = 0
FAILED = 1  # a fault of the machine or the program: trying again may help
REFUSED = 2  # this input cannot be graded
PARTLY_GRADED = 3  # graded, but a side or a muscle is missing, not gradable, cut by the field of view or in need of review
USAGE = 64  # the command line itself is wrong (sysexits.h EX_USAGE)


def tell(error: GradeError) -> int:
    """Two lines on stderr, what is wrong and what to do, and the exit code."""
    refused = isinstance(error, RefusedInput)
    detail = f": {printable(error.detail)}" if error.detail else ""
    typer.echo(f"{'refused' if refused else 'failure'}: {error.reason}{detail}\n  {error.advice}", err=True)
    return REFUSED if refused else FAILED


class Stopped(BaseException):
    """SIGINT or SIGTERM came.

    Not KeyboardInterrupt: where that is raised inside `exec`, as imports do, Python ends by the signal and not with our exit code.
    """


@contextmanager
def stoppable() -> Iterator[None]:
    """Both signals raise `Stopped` in this block.

    Raises:
        Stopped: at any point of it.
    """

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
