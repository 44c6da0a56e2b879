"""How a batch tells of itself: a progress bar for people, JSON lines for programs, nothing when quiet. Neither holds a path or a name."""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gluteal_grade import __version__
from gluteal_grade.cohort.estimate import Estimate
from gluteal_grade.cohort.observer import Tally
from gluteal_grade.cohort.task import Because, Outcome

_WHY = {
    Because.INPUT_CHANGED: "the files, or what is said of them, changed",
    Because.SETTINGS_CHANGED: "graded with other settings before",
    Because.NETWORKS_CHANGED: "labelled by other networks before",
    Because.PROGRAM_CHANGED: "graded by another version of the program",
    Because.RESULT_MISSING: "the result is gone or damaged",
    Because.RESULT_REPLACED: "a result of other input or settings lies in its place",
    Because.RETRIED: "failed before (--retry-failed)",
    Because.FORCED: "--force",
}


def explanation(again: Mapping[Because, int], kept: int, versions: Sequence[str]) -> list[str]:
    """Why entries are graded again, and which results of other versions stand: a line for each; see `Observer.explained`."""
    names = f" ({', '.join(versions)}; this is {__version__})" if versions else ""
    lines = []
    for because, count in again.items():
        lines.append(f"{count} graded again: {_WHY[because]}{names if because is Because.PROGRAM_CHANGED else ''}")
    if kept:
        lines.append(f"{kept} kept though another version of the program graded them{names}")
    return lines


def withdrawal(studies: int) -> str:
    """What is said where the input of graded studies is gone."""
    one = studies == 1
    return (
        f"{studies} {'study is' if one else 'studies are'} kept out of the tables: the input is gone or holds something else now "
        "(input_withdrawn in refusals.csv; --keep-withdrawn keeps them in)"
    )


class Silence:
    """Shows nothing."""

    def left_alone(self, files: int) -> None:
        """Nothing."""

    def withdrawn(self, studies: int) -> None:
        """Nothing."""

    def planned(self, tally: Tally, sizes: Mapping[str, int]) -> None:
        """Nothing."""

    def explained(self, again: Mapping[Because, int], kept: int, versions: Sequence[str]) -> None:
        """Nothing."""

    def started(self, key: str) -> None:
        """Nothing."""

    def ended(self, key: str, outcomes: tuple[Outcome, ...], tally: Tally) -> None:
        """Nothing."""

    def retried(self, key: str, reason: str, attempt: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Bar(Silence):
    """A bar on a terminal; elsewhere a line from time to time.

    Args:
        console: where; for people, never beside JSON lines.
        verbose: a line for each study too.
        clock: seconds, for tests.
    """

    _EVERY_S = 30.0

    def __init__(self, console: Console, *, verbose: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._verbose, self._clock = console, verbose, clock
        self._estimate = Estimate({})
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._progress.add_task("studies", total=None, left="")
        self._begun = self._told = clock()

    def planned(self, tally: Tally, sizes: Mapping[str, int]) -> None:
        """Show the total."""
        self._estimate = Estimate(sizes)
        before = f", {tally.before} done before" if tally.before else ""
        self._console.print(f"{tally.total} {'entry' if tally.total == 1 else 'entries'}{before}", highlight=False)
        self._progress.start()
        self._progress.update(self._task, total=tally.total, completed=tally.done)
        self._begun = self._clock()

    def explained(self, again: Mapping[Because, int], kept: int, versions: Sequence[str]) -> None:
        """A line for each reason."""
        for line in explanation(again, kept, versions):
            self._console.print(line, highlight=False)

    def left_alone(self, files: int) -> None:
        """One line."""
        what = "1 file" if files == 1 else f"{files} files"
        self._console.print(f"{what} in sourcedata, code or tmp_dcm2bids of a BIDS dataset left alone", highlight=False)

    def withdrawn(self, studies: int) -> None:
        """One line."""
        self._console.print(withdrawal(studies), highlight=False)

    def ended(self, key: str, outcomes: tuple[Outcome, ...], tally: Tally) -> None:
        """Move on; the rest is estimated from this run alone."""
        now = self._clock()
        graded = [o.seconds for o in outcomes if o.seconds and not o.taken_over]
        self._estimate.ended(key, sum(graded) if graded else None)
        seconds = self._estimate.seconds_left(now - self._begun)
        left = "" if seconds is None else f"about {datetime.timedelta(seconds=round(seconds))} left, "
        text = f"{left}{tally.refused} refused, {tally.failed} failed"
        if self._verbose:
            for outcome in outcomes:
                self._console.print(_line(outcome), highlight=False, markup=False)
        self._progress.update(self._task, completed=tally.done, left=text)
        if not self._console.is_terminal and (now - self._told > self._EVERY_S or tally.done == tally.total):
            self._told = now
            self._console.print(f"{tally.done} of {tally.total} done, {text}", highlight=False)

    def retried(self, key: str, reason: str, attempt: int) -> None:  # noqa: ARG002
        """A word, as it costs time."""
        self._console.print(f"attempt {attempt} of an entry failed ({reason}); trying again", highlight=False)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()


def _line(outcome: Outcome) -> str:
    """What became of a study, by its hash: no path and no name."""
    how = "taken over" if outcome.taken_over else outcome.state.value
    why = f" ({outcome.reason})" if outcome.reason else ""
    seconds = f" in {outcome.seconds:.1f} s" if outcome.seconds and not outcome.taken_over else ""
    return f"{outcome.study or 'an entry without a study'}: {how}{why}{seconds}"


class JsonLines(Silence):
    """One JSON object a line; entries by their hash, as in the ledger."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def planned(self, tally: Tally, sizes: Mapping[str, int]) -> None:  # noqa: ARG002
        """`planned`."""
        self._write("planned", **asdict(tally))

    def explained(self, again: Mapping[Because, int], kept: int, versions: Sequence[str]) -> None:
        """`again`."""
        self._write("again", because=dict(again), kept_of_other_versions=kept, other_versions=list(versions), version=__version__)

    def left_alone(self, files: int) -> None:
        """`left_alone`."""
        self._write("left_alone", files=files)

    def withdrawn(self, studies: int) -> None:
        """`withdrawn`."""
        self._write("withdrawn", studies=studies)

    def started(self, key: str) -> None:
        """`started`."""
        self._write("started", entry=key)

    def ended(self, key: str, outcomes: tuple[Outcome, ...], tally: Tally) -> None:
        """`study`, for each of the entry's."""
        for o in outcomes:
            told = {"study": o.study, "state": o.state, "reason": o.reason, "taken_over": o.taken_over, "seconds": o.seconds}
            told |= {"because": o.because} if o.because else {}
            self._write("study", entry=key, **told, **asdict(tally))

    def retried(self, key: str, reason: str, attempt: int) -> None:
        """`retried`."""
        self._write("retried", entry=key, reason=reason, attempt=attempt)

    def _write(self, event: str, **told: object) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"time": now, "event": event, **told}), file=self._stream, flush=True)
