"""Worker processes on this machine, each with one task at a time, so that a dead one is known by its study.

The standard library's pool gives up as a whole when one of its processes dies, and does not say in which task. Workers are forks of one
process that has loaded the libraries and does nothing else (multiprocessing's fork server): a second worker, or one in place of a dead
one, costs no loading.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gluteal_grade.cohort.execution import Event, Finished, Lost, Started
from gluteal_grade.cohort.process import serve
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.system import node

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

_STILLBORN = 3  # workers in a row that die before their first task


@dataclass(eq=False)
class _Worker:
    """One process and what it works on."""

    name: str
    process: BaseProcess
    pipe: Connection
    key: str | None = None
    ready: bool = False
    since: float = field(default_factory=time.monotonic)


class LocalExecutor:
    """Up to `jobs` processes, never forks of this one, which may have threads.

    One that dies, takes too long or has grown too large is replaced.

    Args:
        work: module-level function of a task.
        jobs: processes.
        threads: for numerical libraries in each.
        memory_mb: of a process: beyond it, it is replaced after its study; an allocation beyond twice that fails, what its
            libraries hold not counted. None: no bound.
        timeout_s: for one task; None: no limit.
        ahead: is given each task before a worker is free for it, to bring its files near.
        libraries: modules that are loaded once for all workers; that of `work` is among them.
    """

    def __init__(
        self,
        work: Callable[[Any], Any],
        jobs: int,
        threads: int = 1,
        memory_mb: float | None = None,
        timeout_s: float | None = None,
        ahead: Callable[[Any], None] | None = None,
        libraries: Sequence[str] = (),
    ) -> None:
        self._work, self._jobs, self._threads = work, jobs, threads
        self._memory_mb, self._timeout_s, self._ahead = memory_mb, timeout_s, ahead
        self._queue: deque[tuple[str, Any]] = deque()
        self._workers: list[_Worker] = []
        self._events: list[Event] = []
        self._context: ForkServerContext | SpawnContext = multiprocessing.get_context("spawn")
        if "forkserver" in multiprocessing.get_all_start_methods():
            self._context = multiprocessing.get_context("forkserver")
        self._count = self._stillborn = 0
        self._libraries = [work.__module__, *libraries] if work.__module__ != "__main__" else list(libraries)

    @property
    def capacity(self) -> int:
        """One task for each process, and as many waiting, so that none is idle while the ledger is written."""
        return 2 * self._jobs

    def submit(self, key: str, task: Any) -> None:
        """Add one task to the queue."""
        self._queue.append((key, task))
        self._feed()
        if self._ahead is not None and self._queue and self._queue[-1][0] == key:
            self._ahead(task)

    def wait(self, seconds: float) -> list[Event]:
        """What happened; see `Executor.wait`."""
        self._feed()
        if not self._events:
            watched = {w.pipe: w for w in self._workers} | {w.process.sentinel: w for w in self._workers}
            for worker in dict.fromkeys(watched[one] for one in wait(list(watched), self._patience(seconds))):  # type: ignore[index]
                self._hear(worker)
            self._stop_late()
            self._feed()
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Kill all workers: what they write appears under its name only when whole."""
        self._queue.clear()
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()

    def _patience(self, seconds: float) -> float:
        if self._timeout_s is None:
            return seconds
        ends = [w.since + self._timeout_s - time.monotonic() for w in self._workers if w.key is not None]
        return max(0.0, min([seconds, *ends]))

    def _feed(self) -> None:
        while self._queue and (idle := self._idle()) is not None:
            key, task = self._queue.popleft()
            try:
                idle.pipe.send(task)
            except OSError:  # it died while idle: no task is lost
                self._queue.appendleft((key, task))
                self._remove(idle)
                continue
            idle.key, idle.since = key, time.monotonic()
            self._events.append(Started(key, idle.name))

    def _idle(self) -> _Worker | None:
        idle = [w for w in self._workers if w.key is None]
        if len(idle) < len(self._queue) and len(self._workers) < self._jobs:
            self._workers.append(self._start())
        return next((w for w in idle if w.ready), None)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        try:
            process = self._process(theirs)
        except OSError:  # the fork server wants a socket in the system's temporary folder: full, not writable, or its path too long
            self._context = multiprocessing.get_context("spawn")
            process = self._process(theirs)
        theirs.close()
        self._count += 1
        return _Worker(f"{node()}:{process.pid}", process, ours)

    def _process(self, pipe: Connection) -> BaseProcess:
        process = self._context.Process(target=serve, args=(pipe, self._work, self._memory_mb), daemon=True)
        if self._context.get_start_method() == "forkserver":
            multiprocessing.set_forkserver_preload(self._libraries)  # of one that runs already nothing changes
        with _environment(self._threads), _without_main(self._work):
            process.start()
        return process

    def _hear(self, worker: _Worker) -> None:
        try:
            answer, size_mb = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        self._stillborn, worker.ready = 0, True
        if worker.key is None:  # its first word; libraries alone may hold more than the bound, and the next would hold as much
            return
        self._events.append(Finished(worker.key, answer))
        worker.key = None
        if self._memory_mb is not None and size_mb > self._memory_mb:
            self._remove(worker)

    def _bury(self, worker: _Worker, why: str = "") -> None:
        self._remove(worker)
        code = worker.process.exitcode
        signal_name = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        if worker.key is not None:
            self._events.append(Lost(worker.key, why or f"worker ended by {signal_name}"))
        self._count_stillborn(worker)

    def _count_stillborn(self, worker: _Worker) -> None:
        if worker.ready:
            return
        self._stillborn += 1
        if self._stillborn >= _STILLBORN:
            raise TransientFailure(Reason.EXECUTOR_FAILED, f"{_STILLBORN} workers in a row died before their first study")

    def _stop_late(self) -> None:
        for worker in list(self._workers):
            if self._timeout_s is not None and worker.key is not None and time.monotonic() - worker.since > self._timeout_s:
                self._bury(worker, f"stopped after {self._timeout_s:.0f} s")

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


@contextlib.contextmanager
def _without_main(work: Callable[[Any], Any]) -> Iterator[None]:
    """A worker does not run the program that started it: a script without `if __name__ == "__main__"` would begin the batch again."""
    main = sys.modules.get("__main__")
    if main is None or getattr(work, "__module__", None) == "__main__":
        yield
        return
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _environment(threads: int) -> Iterator[None]:
    """Numerical libraries read these once, when they are loaded."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
