"""A folder that is looked into from time to time, for sites where nothing may talk to the network."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from gluteal_grade.cohort.batch import Request, run_batch
from gluteal_grade.cohort.entries import Entry
from gluteal_grade.cohort.execution import Executor
from gluteal_grade.cohort.observer import Observer
from gluteal_grade.cohort.task import State


class Watch:
    """Grades what has come to rest in a folder.

    Polling, not notifications: those do not work on network shares.

    Args:
        request: its `inputs` are the folders that are watched.
        executor: makes one, if there is something to do.
        observer: is told of every step.
        quiet_s: an entry is whole when its files have not changed for so long.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        request: Request,
        executor: Callable[[], Executor],
        observer: Observer,
        quiet_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request, self._executor, self._observer = request, executor, observer
        self._quiet_s, self._clock = quiet_s, clock
        self._seen: dict[str, tuple[str, float]] = {}  # fingerprint, and since when it is so
        self._done: dict[str, str] = {}
        self.states: Counter[State] = Counter()

    def look(self) -> int:
        """Grade what has come to rest since the last look.

        Returns:
            how many entries are still changing or waiting to be left alone.

        Raises:
            TransientFailure: the batch had to stop; look again later.
        """
        entries = self._request.entries()
        prints = {entry.key: entry.fingerprint() for entry in entries}
        now = self._clock()
        self._seen = {key: self._since(key, found, now) for key, found in prints.items()}
        fresh = [e for e in entries if self._done.get(e.key) != prints[e.key]]
        resting = [e for e in fresh if now - self._seen[e.key][1] >= self._quiet_s and not _missing(e)]
        if resting:
            # all that rest are given, not the fresh ones alone: the tables are of the whole folder, and what is done is skipped
            keys = {e.key for e in resting}
            rest = [e for e in entries if e.key in keys or self._done.get(e.key) == prints[e.key]]
            self.states = run_batch(self._request, self._executor, self._observer, rest).states
            self._done |= {e.key: prints[e.key] for e in resting}
        return len(fresh) - len(resting)

    def _since(self, key: str, found: str, now: float) -> tuple[str, float]:
        known = self._seen.get(key)
        return known if known is not None and known[0] == found else (found, now)


def _missing(entry: Entry) -> bool:
    """A watched folder that is not there (a share that is not mounted) is waited for, not refused."""
    return not Path(entry.root).exists()
