"""Work for executors: what a task says is done."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any


def do(task: tuple[str, Any]) -> Any:
    """What the verb says.

    square n, sleep seconds, die, die once (value: a file that marks it), exit code, raise, grow MB, pid.
    """
    verb, value = task
    if verb == "square":
        return value * value
    if verb == "sleep":
        time.sleep(value)
        return os.getpid()
    if verb == "die once":
        mark = Path(value)
        if mark.exists():
            return "survived"
        mark.touch()
    if verb in ("die", "die once"):
        os.kill(os.getpid(), signal.SIGKILL)
    if verb == "exit":
        os._exit(value)
    if verb == "raise":
        raise ValueError("a patient's name")
    if verb == "grow":
        held = bytearray(value * 2**20)
        held[::4096] = b"x" * len(held[::4096])
        do.held = held  # type: ignore[attr-defined]
        return os.getpid()
    return os.getpid()
