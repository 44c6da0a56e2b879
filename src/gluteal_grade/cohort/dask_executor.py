"""Runs studies on the workers of a Dask scheduler.

Dask by itself runs a task again when its worker dies, up to three times and without telling. Here every task is bound to one free
worker: if that worker dies the task can go nowhere else, and who handed it in hears of it.
"""

from __future__ import annotations

import itertools
import pickle
import queue
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gluteal_grade.cohort.dask_link import (
    DaskLink,
    Heard,
    MemoryLimit,
    TaskBegan,
    TaskEnded,
    WorkerGone,
    lost_connection,
)
from gluteal_grade.cohort.dask_roster import Roster
from gluteal_grade.cohort.dask_task import run_task
from gluteal_grade.cohort.execution import Event, Finished, Lost, Started
from gluteal_grade.errors import TransientFailure

_LOOK_S = 2.0  # seconds between two looks at who works
_LOOK_SOON_S = 0.3  # if one has just come
_FETCH_S = 20.0  # an answer is small; if it does not come its worker has just gone
_MAX_MOVES = 3  # how often a task may outlive its worker's lifetime
_MIN_LOSSES = 20  # losses without one answer between them: the workers are broken, not the studies


@dataclass
class _Task:
    key: str
    packed: bytes
    moves: int = 0


@dataclass
class _Run:
    task: _Task
    address: str
    future: Any
    began: bool = False
    looks_missing: int = 0


class DaskExecutor:
    """An `Executor` on a Dask scheduler that somebody else started.

    A worker process has one task at a time, however many threads it was given. A task whose worker left in good order (its
    lifetime was over) is started again elsewhere, three times at most; one whose worker died is `Lost`.

    Args:
        client_or_address: ``"tcp://host:port"``, or a `distributed.Client` that stays open.
        work: module-level function; the workers must be able to import it.
        connect_seconds: how long to wait for the scheduler.
        no_worker_seconds: how long tasks may wait without any usable worker; None: for ever.
        expected_workers: how many are to come.

    Raises:
        ValueError: Dask is not installed, or the address is none.
        TransientFailure: `executor_failed`: the scheduler does not answer, or a worker has another version of this program.
    """

    def __init__(
        self,
        client_or_address: Any,
        work: Callable[[Any], Any],
        *,
        connect_seconds: float = 20.0,
        no_worker_seconds: float | None = 600.0,
        expected_workers: int = 0,
    ) -> None:
        self._work = work
        self._expected = expected_workers
        self._link = DaskLink(client_or_address, connect_seconds)
        self._roster = Roster(self._link, no_worker_seconds)
        self._waiting: deque[_Task] = deque()
        self._running: dict[str, _Run] = {}
        self._held_by: dict[str, str] = {}  # address -> number
        self._numbers = itertools.count(1)
        self._events: list[Event] = []
        self._at_limit: set[str] = set()
        self._lost_in_a_row: set[str] = set()
        self._next_look = 0.0
        self._cut = False
        self._closed = False
        try:
            self._look()
            if other := self._roster.other_versions():
                raise lost_connection(other)
        except TransientFailure:
            self.close()
            raise

    @property
    def capacity(self) -> int:
        """Twice the workers known now, or expected; at least one, so that tasks wait for the first worker."""
        return max(1, 2 * len(self._roster.usable), 2 * self._expected)

    @property
    def unfinished(self) -> int:
        """How many tasks have not ended."""
        return len(self._waiting) + len(self._running)

    @property
    def workers(self) -> frozenset[str]:
        """Names of the workers that can be given a task."""
        return frozenset(self._roster.usable.values())

    @property
    def busy(self) -> frozenset[str]:
        """Names of those that have one."""
        return frozenset(self._roster.usable.get(address, address) for address in self._held_by)

    def submit(self, key: str, task: Any) -> None:
        """Hand over one task; it goes to a worker at the next `wait`."""
        self._waiting.append(_Task(key, pickle.dumps((self._work, task))))

    def wait(self, seconds: float) -> list[Event]:
        """What happened since the last call; at the latest after so many seconds, perhaps nothing.

        Raises:
            TransientFailure: `executor_failed`: the scheduler is gone, no worker came, or workers die over every task.
        """
        end = time.monotonic() + seconds
        while True:
            self._hear_all()
            try:
                self._check_broken()
                if time.monotonic() >= self._next_look:
                    self._look()
                self._hand_out()
            except TransientFailure:
                if not self._events:
                    raise
            left = end - time.monotonic()
            if self._events or left <= 0:
                events, self._events = self._events, []
                return events
            try:
                self._on(self._link.heard.get(timeout=min(left, max(0.0, self._next_look - time.monotonic()) + 0.01)))
            except queue.Empty:
                continue

    def close(self) -> None:
        """Take back what has not begun and leave the scheduler; what a worker does now it does to the end. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._link.cancel([run.future for run in self._running.values()])
        self._running.clear()
        self._waiting.clear()
        self._link.close()

    # what is told

    def _hear_all(self) -> None:
        while True:
            try:
                self._on(self._link.heard.get_nowait())
            except queue.Empty:
                return

    def _on(self, heard: Heard) -> None:
        match heard:
            case TaskBegan():
                run = self._running.get(heard.number)
                if run is not None and not run.began:
                    run.began = True
                    self._events.append(Started(run.task.key, heard.address))
            case TaskEnded():
                self._ended(heard.number)
            case WorkerGone():
                self._gone(heard)
            case MemoryLimit():
                self._at_limit.add(heard.address)
            case _:
                self._next_look = 0.0

    def _ended(self, number: str) -> None:
        run = self._drop(number)
        if run is None:
            return
        kind, answer = self._fetched(run.future)
        run.future.release()
        if kind == "answer":
            if not run.began:
                self._events.append(Started(run.task.key, run.address))
            self._events.append(Finished(run.task.key, answer))
            self._lost_in_a_row.clear()
        elif kind == "escaped":
            self._events.append(Lost(run.task.key, f"the task raised {answer}"))
        elif kind == "disconnected":
            self._cut = True
        else:
            self._lose(run.task.key, str(answer))

    def _fetched(self, future: Any) -> tuple[str, Any]:
        """``(kind, answer or reason)`` of a future that is done."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            kind, answer = future.result(timeout=_FETCH_S)
            return kind, answer
        except KilledWorker:
            return "lost", "its worker died"
        except FutureCancelledError as error:
            if not self._link.alive or error.reason == "scheduler-connection-lost":
                return "disconnected", None
            return "lost", "it was cancelled on the scheduler"
        except TimeoutError:
            return "lost", "its worker left before its answer was fetched"
        except Exception as error:
            return "lost", f"its worker could not run it: {type(error).__name__}"

    def _gone(self, gone: WorkerGone) -> None:
        self._roster.remove(gone.address)
        at_limit = gone.address in self._at_limit
        self._at_limit.discard(gone.address)
        number = self._held_by.get(gone.address)
        run = self._drop(number) if number is not None else None
        if run is None:
            return
        self._link.cancel([run.future])
        task = run.task
        if not gone.expected and number in gone.held:
            self._lose(task.key, "its worker was ended at its memory limit" if at_limit else "its worker died or was cut off")
            return
        task.moves += gone.expected
        if task.moves > _MAX_MOVES:
            self._lose(task.key, f"{task.moves} workers reached the end of their lifetime in it")
        else:
            self._waiting.appendleft(task)

    def _drop(self, number: str) -> _Run | None:
        run = self._running.pop(number, None)
        if run is not None:
            self._held_by.pop(run.address, None)
        return run

    def _lose(self, key: str, why: str) -> None:
        self._events.append(Lost(key, why))
        self._lost_in_a_row.add(key)

    # who works

    def _check_broken(self) -> None:
        if self._cut:  # even if the client has found a scheduler again: that one knows nothing of us
            raise lost_connection("the connection to the Dask scheduler was lost")
        if len(self._lost_in_a_row) >= max(_MIN_LOSSES, 3 * self._roster.most):
            raise lost_connection(
                f"workers died in {len(self._lost_in_a_row)} studies one after another, and no study was finished between"
            )

    def _look(self) -> None:
        """See who works, and what was missed."""
        self._roster.look()
        self._next_look = time.monotonic() + (_LOOK_SOON_S if self._roster.unsettled else _LOOK_S)
        for address, number in list(self._held_by.items()):
            run = self._running[number]
            run.looks_missing = 0 if address in self._roster.present else run.looks_missing + 1
            if run.looks_missing == 2:  # once: the scheduler's message about it may be on its way
                self._gone(WorkerGone(address, frozenset({number}), expected=False))
        self._roster.check_anybody(bool(self._waiting))

    def _hand_out(self) -> None:
        for address in self._roster.usable:
            if not self._waiting:
                return
            if address not in self._held_by:
                self._give(self._waiting.popleft(), address)

    def _give(self, task: _Task, address: str) -> None:
        number = f"{self._link.topic}-{next(self._numbers)}"
        future = self._link.client.submit(
            run_task,
            task.packed,
            self._link.topic,
            number,
            key=number,  # Dask logs keys: a number, not the study's
            pure=False,
            retries=0,
            workers=[address],
            allow_other_workers=False,
        )
        self._running[number] = _Run(task, address, future)
        self._held_by[address] = number
        future.add_done_callback(lambda _: self._link.heard.put(TaskEnded(number)))
