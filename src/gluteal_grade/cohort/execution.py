"""What every executor offers: processes on this machine, Dask workers, a Slurm cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Started:
    """A worker began a task."""

    key: str
    worker: str


@dataclass(frozen=True)
class Finished:
    """A worker's answer."""

    key: str
    answer: Any


@dataclass(frozen=True)
class Lost:
    """The worker died, or the task was taken from it; its answer will not come.

    Attributes:
        key: the task.
        why: e.g. ``"worker ended by signal 9"``; no patient data.
    """

    key: str
    why: str


Event = Started | Finished | Lost


class Executor(Protocol):
    """Runs one function on many tasks, elsewhere.

    The function never raises what it can put into its answer; an exception that escapes it is `Lost`. After `Lost` the executor is
    as good as new: an executor that lost one task still runs the others.
    """

    @property
    def capacity(self) -> int:
        """How many tasks are worth having submitted at once; may change as workers come and go."""
        ...

    def submit(self, key: str, task: Any) -> None:
        """Hand over one task, picklable; `key` is unique among those that have not ended."""
        ...

    def wait(self, seconds: float) -> list[Event]:
        """What happened since the last call; at the latest after so many seconds, perhaps nothing.

        Raises:
            TransientFailure: `executor_failed`, if no worker is left (scheduler gone, workers die at once).
        """
        ...

    def close(self) -> None:
        """Stop all work at once; safe to call twice."""
        ...
