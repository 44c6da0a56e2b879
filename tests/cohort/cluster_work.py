"""Functions that the workers of the tests run; they must be importable there."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_inside = 0
_guard = threading.Lock()


@dataclass(frozen=True)
class Task:
    """`number` is squared after `seconds`; `how` says what happens then; `trace` is a folder for marks."""

    number: int
    seconds: float = 0.0
    how: str = "answer"
    trace: str = ""


class Unkind(Exception):
    """Holds what must not be told."""


class NotPicklable:
    """An answer that cannot travel."""

    def __reduce__(self) -> Any:
        raise TypeError("stays here")


def square(task: Task) -> Any:
    """The square; or as `how` says: die, raise, exit, answer with something that cannot travel."""
    if task.trace:
        Path(task.trace, f"{task.number}-{time.monotonic_ns()}-{os.getpid()}").touch()
    time.sleep(task.seconds)
    match task.how:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise Unkind("Erika Mustermann, 1964-08-12")
        case "exit":
            raise SystemExit(3)
        case "no pickle":
            return NotPicklable()
        case "threads":
            return os.environ.get("OMP_NUM_THREADS")
        case "eat":
            eaten = []
            while True:  # until somebody ends this process
                eaten.append(b"x" * 20_000_000)
                time.sleep(0.05)
        case "alone":
            return _most_inside()
    return task.number**2


def _most_inside() -> int:
    """How many threads of this process are in here at once."""
    global _inside
    with _guard:
        _inside += 1
    most = 0
    for _ in range(10):
        most = max(most, _inside)
        time.sleep(0.01)
    with _guard:
        _inside -= 1
    return most
