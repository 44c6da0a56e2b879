"""Keeps as many Slurm jobs alive as there is work for, and notices jobs that end before they work."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Collection
from typing import Any

from gluteal_grade.cohort.dask_link import lost_connection

_STILLBORN = 3  # so many jobs in a row ended before their worker came: none will
_IDLE_S = 60.0  # a job without work is given back after so long
_COMMAND_S = 60.0


def check_submission(script: str) -> None:
    """Ask Slurm whether it would take the job, without handing it in.

    Raises:
        TransientFailure: `executor_failed`: it would not, or there is no Slurm here; the message gives its words.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(script)
        file.flush()
        _call("sbatch", "--test-only", file.name)


def _call(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_S)
    except FileNotFoundError:
        raise lost_connection(f"no {command[0]} here: start the batch where Slurm jobs can be submitted") from None
    except subprocess.TimeoutExpired:
        raise lost_connection(f"{command[0]} does not answer within {_COMMAND_S:.0f} s") from None
    if done.returncode:
        raise lost_connection(f"{command[0]} failed: {' '.join(done.stderr.split())}")
    return done.stdout


class SlurmJobs:
    """The jobs of a `SLURMCluster`.

    Args:
        cluster: the cluster; it starts without jobs.
        jobs: at most so many.
        processes: workers in each job.
        look_seconds: time between two looks at the queue.
    """

    def __init__(self, cluster: Any, jobs: int, processes: int, look_seconds: float = 20.0) -> None:
        self._cluster = cluster
        self._most = jobs
        self._processes = processes
        self._look_s = look_seconds
        self._next_look = 0.0
        self._seen: set[str] = set()  # jobs whose worker came
        self._idle_since: dict[str, float] = {}
        self._stillborn = 0
        self._silent = 0

    def keep(self, tasks: int, workers: Collection[str], busy: Collection[str]) -> None:
        """Look at the queue if it is time: replace jobs that ended, ask for more, give back what is idle.

        Args:
            tasks: how many have not ended.
            workers: names of the workers that are connected.
            busy: names of those that have a task.

        Raises:
            TransientFailure: `executor_failed`: Slurm takes no jobs, or they end before they work.
        """
        submitted = set(self._cluster.workers)
        self._seen = {job for job in submitted if job in self._seen or _of(job, workers)}
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + self._look_s
        gone = self._gone()
        self._count_stillborn(gone)
        self._remove(gone)
        wanted = min(self._most, -(-tasks // self._processes))
        self._remove(self._idle(wanted, busy))
        if len(self._cluster.worker_spec) <= wanted:  # even if equal: the cluster itself drops a job whose worker is gone
            self._cluster.scale(jobs=wanted)

    def _gone(self) -> list[str]:
        """Jobs that were submitted and are in the queue no more."""
        ids = {name: job.job_id for name, job in dict(self._cluster.workers).items()}
        if not ids:
            return []
        try:
            listed = set(_call("squeue", "--me", "--noheader", "--format=%i").split())
            self._silent = 0
        except Exception:
            self._silent += 1  # the controller may be restarted in between
            if self._silent >= _STILLBORN:
                raise
            return []
        return [name for name, number in ids.items() if number not in listed]

    def _count_stillborn(self, gone: list[str]) -> None:
        self._stillborn = 0 if self._seen else self._stillborn + len(gone)
        if self._stillborn >= _STILLBORN:
            raise lost_connection(f"{self._stillborn} Slurm jobs ended before their worker came: see the jobs' logs")

    def _idle(self, wanted: int, busy: Collection[str]) -> list[str]:
        """Jobs beyond those wanted that have had nothing to do for a while; first those that still queue."""
        now = time.monotonic()
        names = list(self._cluster.worker_spec)
        self._idle_since = {name: self._idle_since.get(name, now) for name in names if not _of(name, busy)}
        free = sorted((name for name, since in self._idle_since.items() if now - since >= _IDLE_S), key=lambda name: name in self._seen)
        return free[: max(0, len(names) - wanted)]

    def _remove(self, names: list[str]) -> None:
        if names:
            self._cluster.sync(self._cluster.scale_down, names)
            self._seen -= set(names)


def _of(job: str, workers: Collection[str]) -> bool:
    """Whether one of these workers belongs to the job: it bears its name, or its name and a number."""
    return any(name == job or (name.startswith(f"{job}-") and name[len(job) + 1 :].isdigit()) for name in workers)
