"""The inside of one worker process: takes tasks from a pipe until the pipe or the parent is gone."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from gluteal_grade.system import limit_growth, resident_mb


def serve(pipe: Connection, work: Callable[[Any], Any], memory_mb: float | None) -> None:
    """Say that it is ready, then answer every task with (answer, memory held now in MB)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _die_with_parent()
    gc.freeze()  # the libraries that the fork server has loaded are no garbage, and looked through they would be shared no longer
    gc.set_threshold(20_000, 10, 10)  # as the commands do, see `cli.main`
    if memory_mb is not None:
        limit_growth(2 * memory_mb)  # libraries that the fork server has loaded count as data: a study gets its part beside them
    pipe.send((None, resident_mb()))  # ready
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        answer = work(task)
        pipe.send((answer, resident_mb()))


def _die_with_parent() -> None:
    """A parent killed outright cannot tell its children: they watch."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
