"""One line a step, for machines or for eyes. No names, UIDs or paths: callers hand over hashes, counts, codes and times only."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TextIO

Fact = str | int | float | bool | None


class StepLog:
    """Writes lines to a stream or appends them to a file; safe to call from many threads.

    A log that cannot be written stops nothing: images matter more than lines about them.

    Args:
        to: where; None is standard error. A file is opened for each line, so that it may be rotated.
        json_lines: JSON objects, or `time step key=value ...`.
    """

    def __init__(self, to: TextIO | Path | None = None, json_lines: bool = True) -> None:
        self._to = to
        self._json = json_lines
        self._lock = threading.Lock()

    def __call__(self, step: str, **facts: Fact) -> None:
        """One line: the time (ISO 8601, UTC), the step and its facts; facts that are None are left out."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        said = {name: value for name, value in facts.items() if value is not None}
        if self._json:
            line = json.dumps({"time": when, "step": step} | said)
        else:
            line = " ".join([when, step, *(f"{name}={value}" for name, value in said.items())])
        with self._lock:
            try:
                self._write(line + "\n")
            except (OSError, ValueError):  # full disk, closed pipe
                return

    def _write(self, line: str) -> None:
        if isinstance(self._to, Path):
            with self._to.open("a", encoding="utf-8", newline="\n") as file:
                file.write(line)
            return
        stream = self._to or sys.stderr
        stream.write(line)
        stream.flush()


def silence_pynetdicom() -> None:
    """Its loggers print identifiers and peers at every level, and pydicom's warnings quote the values they are about."""
    from pynetdicom import _config

    _config.LOG_HANDLER_LEVEL = "none"  # the default handlers render every message as text, read or not
    logger = logging.getLogger("pynetdicom")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    warnings.filterwarnings("ignore", module=r"(pydicom|pynetdicom)(\.|$)")
