"""The inside of one worker process: takes tasks from a pipe until the pipe or the parent is gone."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

_RESIDENT, _DATA = 1, 5  # fields of /proc/self/statm


def serve(pipe: Connection, work: Callable[[Any], Any], memory_mb: float | None) -> None:
    """Say that it is ready, then answer every task with (answer, memory held now in MB)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _die_with_parent()
    if memory_mb is not None:
        # libraries that the fork server has loaded count as this process' data: a study gets its part beside them
        limit = int((_of_statm(_DATA) + 2 * memory_mb) * 2**20)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    pipe.send((None, _resident_mb()))  # ready
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        answer = work(task)
        pipe.send((answer, _resident_mb()))


def _die_with_parent() -> None:
    """A parent killed outright cannot tell its children: they watch."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _resident_mb() -> float:
    return _of_statm(_RESIDENT) or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _of_statm(field: int) -> float:
    """A size of this process, MB; 0 where it cannot be had (not Linux). See proc(5)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[field])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / 2**20
