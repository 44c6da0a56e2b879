"""A process that measures corrections of one study, one after another; `remeasure` is what runs in it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict

from gluteal_grade.review.correction import Remeasurement

PREPARE, MEASURE = "prepare", "measure"


class Measurer:
    """The process, started at once; it ends with this one.

    Attributes:
        used: when it was last asked for something, by `time.monotonic`.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-m", "gluteal_grade.review.remeasure"]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment, text=True)
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="measurer", daemon=True)
        self._listener.start()
        self.used = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        """How it ended."""
        return self._process.poll()

    def prepare(self, asked: Remeasurement) -> None:
        """Labels of this study will come: whatever does not depend on them is read and measured. There is no answer."""
        self._tell(PREPARE, asked)

    def measure(self, asked: Remeasurement) -> None:
        """Measure; `answer` tells how it ended."""
        self._tell(MEASURE, asked)

    def answer(self, within_s: float) -> str | None:
        """The answer; None where the process ended without one.

        Raises:
            TimeoutError: not yet.
        """
        try:
            return self._answers.get(timeout=within_s)
        except queue.Empty:
            raise TimeoutError from None

    def end(self) -> None:
        """Whatever it is at."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # what could not be told
            self._process.stdin.close()
        self._process.stdout.close()

    def _tell(self, what: str, asked: Remeasurement) -> None:
        self.used = time.monotonic()
        assert self._process.stdin is not None
        with suppress(OSError):  # it has died: there will be no answer
            self._process.stdin.write(json.dumps({"do": what, **asdict(asked)}) + "\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._process.wait()
        self._answers.put(None)
