"""The receiver as a service: it runs until told to stop, and each study that is whole goes to a handler."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gluteal_grade.errors import GradeError, Reason, place_of
from gluteal_grade.pacs.arrivals import Ready
from gluteal_grade.pacs.config import PacsSettings
from gluteal_grade.pacs.health import HealthServer, Metrics, Status
from gluteal_grade.pacs.log import StepLog
from gluteal_grade.pacs.receiver import Receiver

Handler = Callable[[Ready], bool]
_LOOK_S = 0.25
_TIDY_S = 600.0


def run_receiver(
    settings: PacsSettings,
    handler: Handler | None,
    log: StepLog,
    stop: threading.Event,
    *,
    health_port: int | None = None,
    stop_after_quiet_s: float | None = None,
    grace_s: float = 10.0,
) -> int:
    """Receive until `stop` is set.

    Args:
        settings: `receive` must be there.
        handler: works on a study and says whether it is done with it; if not, or if it raises, the study comes again after the
            waits of `settings.retry`, the last one again and again. None: studies are only told to the log and stay.
        log: a line for each step.
        stop: set it to end.
        health_port: `/healthz` and `/metrics` on loopback.
        stop_after_quiet_s: end by itself when nothing waits, no association is open and nothing came for so long.
        grace_s: how long open associations may go on at the end.

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
    work = _Work(receiver, handler, log, metrics, settings.retry.delays())
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
    def __init__(self, receiver: Receiver, handler: Handler | None, log: StepLog, metrics: Metrics, delays: tuple[float, ...]) -> None:
        self._arrivals, self._handler, self._log, self._metrics = receiver.arrivals, handler, log, metrics
        self._delays = delays or (60.0,)
        self._failures: dict[str, int] = {}
        self._told: dict[str, str] = {}
        self.finished = 0

    def round(self, stop: threading.Event) -> bool:
        """Hand over all studies that are whole; was there one?"""
        worked = False
        for ready in self._arrivals.ready():
            if stop.is_set():
                break
            worked |= self._tell(ready) if self._handler is None else self._handle(ready, self._handler)
        self._metrics.backlog.set(self._arrivals.backlog())
        return worked

    def waiting(self) -> bool:
        """Is there a study that is not yet handed over?"""
        return self._arrivals.backlog() > len(self._told) if self._handler is None else self._arrivals.backlog() > 0

    def _tell(self, ready: Ready) -> bool:
        if self._told.get(ready.study) == ready.fingerprint:
            return False
        self._told[ready.study] = ready.fingerprint
        self._log("ready", study=ready.study, images=ready.images)
        return True

    def _handle(self, ready: Ready, handler: Handler) -> bool:
        if not self._arrivals.taken(ready.study):
            return False
        self._log("ready", study=ready.study, images=ready.images)
        began, reason = time.monotonic(), None
        try:
            done = handler(ready)
        except GradeError as error:
            done, reason = False, error.reason.value
        except Exception as error:  # one study's defect does not stop the others
            done, reason = False, f"{Reason.DEFECT.value} {type(error).__name__} {place_of(error)}"
        seconds = round(time.monotonic() - began, 1)
        self._metrics.studies.labels("done" if done else "failed").inc()
        if done:
            self._failures.pop(ready.study, None)
            self._finish(ready, seconds)
        else:
            failures = self._failures[ready.study] = self._failures.get(ready.study, 0) + 1
            wait = self._delays[min(failures, len(self._delays)) - 1]
            self._arrivals.back(ready.study, wait)
            self._log("failed", study=ready.study, reason=reason, seconds=seconds, again_in_s=wait)
        return True

    def _finish(self, ready: Ready, seconds: float) -> None:
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
