"""The receiver as a service: it runs until told to stop, and each study that is whole goes to a handler."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from gluteal_grade.errors import GradeError, Reason, place_of
from gluteal_grade.pacs.arrivals import Ready
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.health import HealthServer, Metrics, Status
from gluteal_grade.pacs.log import StepLog
from gluteal_grade.pacs.receiver import Receiver

_LOOK_S = 0.25
_TIDY_S = 600.0


class Handler(Protocol):
    """Works on studies; `process.Process` is one."""

    def __call__(self, ready: Sequence[Ready]) -> Mapping[str, bool]:
        """Hash of the study -> is it done with?"""

    def idle(self) -> None:
        """Called when studies have been worked on and no other waits."""


def run_receiver(
    settings: PacsSettings,
    handler: Handler | None,
    log: StepLog,
    stop: threading.Event,
    *,
    health_port: int | None = None,
    stop_after_quiet_s: float | None = None,
    grace_s: float = 10.0,
    at_once: int = 1,
) -> int:
    """Receive until `stop` is set.

    Args:
        settings: `receive` must be there.
        handler: works on studies and says which it is done with; the others, and all if it raises, come again after the waits of
            `settings.retry`, the last one again and again. None: studies are only told to the log and stay.
        log: a line for each step.
        stop: set it to end.
        health_port: `/healthz` and `/metrics` on loopback.
        stop_after_quiet_s: end by itself when nothing waits, no association is open and nothing came for so long.
        grace_s: how long open associations may go on at the end.
        at_once: hand over up to so many studies together.

    Returns:
        How many studies the handler was done with.

    Raises:
        ValueError: settings that cannot be used.
        TransientFailure: port in use, inbox not writable or in use.
    """
    if settings.receive is None:
        raise ValueError("`receive` is missing: it says where the inbox is")
    metrics = Metrics()
    receiver = Receiver(settings.local, settings.receive, log, metrics)
    work = _Work(receiver, handler, log, metrics, settings.retry.delays(), at_once)
    metrics.backlog.set_function(receiver.arrivals.backlog)
    health = None
    with _no_tracebacks(log):
        try:
            receiver.start()
            if health_port is not None:
                health = HealthServer(health_port, lambda: status_of(receiver, settings), metrics)
            began = tidied = time.monotonic()
            while not stop.wait(_LOOK_S):
                worked = work.round(stop)
                if worked or receiver.associations:
                    began = time.monotonic()
                if time.monotonic() - tidied > _TIDY_S:
                    tidied = time.monotonic()
                    receiver.arrivals.tidy(settings.receive.keep_days * 86400, receiver.inbox.remove)
                if stop_after_quiet_s is not None and time.monotonic() - began > stop_after_quiet_s and not work.waiting():
                    break
        finally:
            receiver.stop(grace_s)
            if health is not None:
                health.close()
    return work.finished


def status_of(receiver: Receiver, settings: PacsSettings) -> Status:
    """What `/healthz` shows; not `ok` if it does not listen, or refuses images for want of space."""
    assert settings.receive is not None
    free, last = receiver.inbox.free_gb(), receiver.arrivals.last_arrival()
    enough = free > settings.receive.min_free_gb
    return {
        "ok": receiver.listening and enough,
        "listening": receiver.listening,
        "disk": "ok" if enough else Reason.DISK_LOW.value,
        "free_gb": round(free, 2),
        "last_arrival_s": None if last is None else round(max(0.0, time.time() - last), 1),
        "backlog": receiver.arrivals.backlog(),
        "associations": receiver.associations,
    }


class _Work:
    def __init__(
        self, receiver: Receiver, handler: Handler | None, log: StepLog, metrics: Metrics, delays: tuple[float, ...], at_once: int
    ) -> None:
        self._arrivals, self._handler, self._log, self._metrics = receiver.arrivals, handler, log, metrics
        self._delays, self._at_once = delays or (60.0,), at_once
        self._failures: dict[str, int] = {}
        self._told: dict[str, str] = {}
        self.finished = 0

    def round(self, stop: threading.Event) -> bool:
        """Hand over all studies that are whole; was there one?"""
        worked = False
        while not stop.is_set():
            ready = [one for one in self._arrivals.ready() if self._handler is not None or self._told.get(one.study) != one.fingerprint]
            if not ready:
                break
            if self._handler is None:
                self._tell(ready)
            elif not self._handle(ready[: self._at_once], self._handler):
                break
            worked = True
        if worked and self._handler is not None and not stop.is_set():
            self._guarded(self._handler.idle)
        return worked

    def waiting(self) -> bool:
        """Is there a study that is not yet handed over?"""
        return self._arrivals.backlog() > (len(self._told) if self._handler is None else 0)

    def _tell(self, ready: Sequence[Ready]) -> None:
        for one in ready:
            self._told[one.study] = one.fingerprint
            self._log("ready", study=one.study, images=one.images)

    def _handle(self, ready: Sequence[Ready], handler: Handler) -> bool:
        mine = [one for one in ready if self._arrivals.taken(one.study)]
        for one in mine:
            self._log("ready", study=one.study, images=one.images)
        ends: Mapping[str, bool] = {}

        def work() -> None:
            nonlocal ends
            ends = handler(mine)

        began = time.monotonic()
        reason = self._guarded(work) if mine else None
        seconds = round(time.monotonic() - began, 1)
        for one in mine:
            if ends.get(one.study, False):
                self._finish(one, seconds)
            else:
                self._again(one, reason)
        return bool(mine)

    def _guarded(self, work: Callable[[], None]) -> str | None:
        try:
            work()
        except GradeError as error:
            reason = error.reason.value
        except Exception as error:  # one defect does not stop the receiver
            reason = f"{Reason.DEFECT.value} {type(error).__name__} {place_of(error)}"
        else:
            return None
        self._log("handler_failed", reason=reason)
        return reason

    def _again(self, ready: Ready, reason: str | None) -> None:
        failures = self._failures[ready.study] = self._failures.get(ready.study, 0) + 1
        wait = self._delays[min(failures, len(self._delays)) - 1]
        self._arrivals.back(ready.study, wait)
        self._metrics.studies.labels("failed").inc()
        self._log("failed", study=ready.study, reason=reason, again_in_s=wait)

    def _finish(self, ready: Ready, seconds: float) -> None:
        self._failures.pop(ready.study, None)
        self._metrics.studies.labels("done").inc()
        try:
            self._arrivals.done(ready.study, ready.fingerprint)
        except GradeError as error:  # it will be ready again; rather twice than never
            self._log("not_marked", study=ready.study, reason=error.reason.value)
            return
        self.finished += 1
        self._log("done", study=ready.study, images=ready.images, seconds=seconds)


@contextmanager
def _no_tracebacks(log: StepLog) -> Iterator[None]:
    """An exception in a thread of the network library prints its words, and those may hold what a peer sent."""

    def told(args: threading.ExceptHookArgs) -> None:
        place = "unknown" if args.exc_value is None else place_of(args.exc_value)
        log("thread_failed", reason=Reason.DEFECT.value, kind=args.exc_type.__name__, place=place)

    before = threading.excepthook
    threading.excepthook = told
    try:
        yield
    finally:
        threading.excepthook = before
