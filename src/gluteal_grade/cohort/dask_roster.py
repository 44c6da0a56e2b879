"""Who works for a Dask scheduler, and whom we use: running workers that have our version of this program."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Any

import gluteal_grade
from gluteal_grade.cohort.dask_link import DaskLink, lost_connection


class Roster:
    """Known workers.

    Args:
        link: the connection.
        no_worker_seconds: how long tasks may wait without any usable worker; None: for ever.

    Attributes:
        usable: address -> name of each worker that can be given a task.
        present: addresses of all workers at the last look.
        unsettled: a worker has just come, and is not ready yet.
        most: the most usable workers there ever were.
    """

    def __init__(self, link: DaskLink, no_worker_seconds: float | None) -> None:
        self.usable: dict[str, str] = {}
        self.present: frozenset[str] = frozenset()
        self.unsettled = False
        self.most = 0
        self._link = link
        self._patience_s = no_worker_seconds
        self._versions: dict[str, str] = {}
        self._last_used = time.monotonic()
        self._paused = 0

    def look(self) -> None:
        """Ask the scheduler who is there, and newcomers for their version.

        Raises:
            TransientFailure: `executor_failed`: the scheduler is gone.
        """
        told = self._link.workers()
        self.present = frozenset(told)
        self._versions = {address: version for address, version in self._versions.items() if address in told}
        if new := [address for address in told if address not in self._versions]:
            versions = self._link.versions(new)
            self._versions |= versions
            if set(versions.values()) - {gluteal_grade.__version__}:
                logging.getLogger(__name__).warning("some workers are not used: %s", self.other_versions())
        self.usable = {address: str(worker.get("name", address)) for address, worker in told.items() if self._can_work(address, worker)}
        self.most = max(self.most, len(self.usable))
        self.unsettled = any(address not in self._versions or worker.get("status") == "init" for address, worker in told.items())
        self._paused = sum(worker.get("status") == "paused" for worker in told.values())

    def _can_work(self, address: str, worker: dict[str, Any]) -> bool:
        return worker.get("status") == "running" and self._versions.get(address) == gluteal_grade.__version__

    def remove(self, address: str) -> None:
        """The scheduler told that this worker is gone."""
        self.usable.pop(address, None)
        self._versions.pop(address, None)

    def other_versions(self) -> str:
        """Versions that are not ours, in words; empty if there are none."""
        counts = Counter(version for version in self._versions.values() if version != gluteal_grade.__version__)
        told = ", ".join(f"{version} on {count} worker{'s' if count > 1 else ''}" for version, count in sorted(counts.items()))
        return f"gluteal_grade is {gluteal_grade.__version__} here but {told}" if told else ""

    def check_anybody(self, needed: bool) -> None:
        """Check that tasks that wait have somebody to wait for.

        Args:
            needed: whether tasks wait.

        Raises:
            TransientFailure: `executor_failed`: no usable worker for too long, or all that came have another version.
        """
        now = time.monotonic()
        if self.usable or not needed:
            self._last_used = now
        elif self.present and all(self._versions.get(a, gluteal_grade.__version__) != gluteal_grade.__version__ for a in self.present):
            raise lost_connection(self.other_versions())
        elif self._patience_s is not None and now - self._last_used > self._patience_s:
            why = f"; {self._paused} are paused near their memory limit" if self._paused else ""
            raise lost_connection(f"no usable Dask worker for {now - self._last_used:.0f} s{why}")
