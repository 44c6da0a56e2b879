"""Being told to stop: Ctrl-C, and a scheduler's SIGTERM."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


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
