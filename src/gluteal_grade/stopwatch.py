"""What is being done with a study, and how many seconds each stage takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum


class Step(StrEnum):
    """What a person who waits is told."""

    READ = "read"
    LABEL = "label"
    MEASURE = "measure"
    DRAW = "draw"
    DICOM = "dicom"


Told = Callable[[Step], None]


def untold(step: Step) -> None:
    """Nobody is told."""


class Stopwatch:
    """Seconds per named stage.

    Args:
        told: is told when a stage that is a step begins.
    """

    def __init__(self, told: Told = untold) -> None:
        self.seconds: dict[str, float] = {}
        self._told = told

    @contextmanager
    def stage(self, name: str, step: Step | None = None) -> Iterator[None]:
        """Time a block; a name used twice adds up."""
        if step is not None:
            self._told(step)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)
