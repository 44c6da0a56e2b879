"""Reading ahead: the files of the next studies are on their way into memory while this machine computes."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.task import Task
from gluteal_grade.system import wanted_soon

_LIMIT = 2**30  # bytes of one entry: beyond it the first files would be gone again before they are needed


class Ahead:
    """Asks the system for files before a worker does; a hint, so that nothing depends on it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "ahead")  # opening may wait for a network file system

    def __call__(self, task: Task) -> None:
        """Read the task's files soon."""
        self._thread.submit(_ask_for, task.entry)


def _ask_for(entry: Entry) -> None:
    left = _LIMIT
    with contextlib.suppress(OSError):
        for path in sorted(path for path in entry.files() if path.is_file()):
            left -= path.stat().st_size
            if left < 0:
                return
            wanted_soon(path)
