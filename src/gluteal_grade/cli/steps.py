"""What `grade` is doing, for a person who waits: on stderr, where nothing but people reads it."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from gluteal_grade.stopwatch import Step

if TYPE_CHECKING:
    from rich.status import Status

_WORDS = {
    Step.READ: "reading the images",
    Step.LABEL: "finding the hips and their muscles",
    Step.MEASURE: "measuring",
    Step.DRAW: "drawing and writing",
    Step.DICOM: "writing DICOM",
}
_LABELS_GIVEN = {Step.LABEL: "reading the label map"}


class Steps:
    """Shows the step that has begun.

    On a terminal one line that goes away at the end, once `after_s` have passed: a study that takes no longer shows nothing. With
    `verbose` a line for each step with the seconds since the start, wherever stderr leads. Else nothing.

    Args:
        verbose: as above.
        quiet: show nothing.
        labels: a label map is given.
        after_s: how long nothing is shown.
        stream: in place of stderr.
    """

    def __init__(
        self, *, verbose: bool = False, quiet: bool = False, labels: bool = False, after_s: float = 2.0, stream: TextIO | None = None
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._verbose = verbose
        self._words = _WORDS | (_LABELS_GIVEN if labels else {})
        self._text = self._words[Step.READ]
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._status: Status | None = None
        self._timer: threading.Timer | None = None
        if not (quiet or verbose) and self._stream.isatty():
            self._timer = threading.Timer(after_s, self._show)
            self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.start()
        self(Step.READ)
        return self

    def __call__(self, step: Step) -> None:
        """A step begins."""
        with self._lock:
            self._text = self._words[step]
            if self._verbose:
                self._line(self._text)
            if self._status is not None:
                self._status.update(self._text)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._status is not None:
                self._status.stop()
                self._status = None
            if self._verbose and kind is None:
                self._line("done")

    def _line(self, text: str) -> None:
        print(f"{time.monotonic() - self._begun:6.1f} s  {text}", file=self._stream, flush=True)

    def _show(self) -> None:
        from rich.console import Console
        from rich.status import Status

        with self._lock:
            if self._timer is not None:  # else it has ended meanwhile
                self._status = Status(self._text, console=Console(file=self._stream), spinner="line", refresh_per_second=4)
                self._status.start()
