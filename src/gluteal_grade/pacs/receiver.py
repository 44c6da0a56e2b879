"""The storage provider: verification, storage and storage commitment, from peers that are known, into the inbox."""

from __future__ import annotations

import errno
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.admission import Admission, NotAdmitted
from gluteal_grade.pacs.arrivals import Arrivals
from gluteal_grade.pacs.commitment import Answers, commit
from gluteal_grade.pacs.config import LocalSettings, ReceiveSettings
from gluteal_grade.pacs.contexts import supported_contexts
from gluteal_grade.pacs.header import file_head, identity_of
from gluteal_grade.pacs.health import Metrics
from gluteal_grade.pacs.inbox import Inbox, Outcome, Stored
from gluteal_grade.pacs.log import StepLog, silence_pynetdicom
from gluteal_grade.pacs.tls import server_context

_ASK_S = 10.0  # a connection that asks for no association in so long is dropped
_AFTER_ABORT_S = 2.0


@dataclass
class _Visit:
    """What is known of one open association."""

    began: float = field(default_factory=time.monotonic)
    counts: Counter[str] = field(default_factory=Counter)
    size: int = 0  # bytes of new images
    studies: set[str] = field(default_factory=set)


class Receiver:
    """Listens from `start` to `stop`.

    Args:
        local: who we are, whom we know.
        receive: inbox and limits.
        log: where steps are told.
        metrics: counted there.

    Raises:
        ValueError: addresses or TLS files that cannot be used.
        TransientFailure: the inbox is not writable, or in use by another receiver.
    """

    def __init__(self, local: LocalSettings, receive: ReceiveSettings, log: StepLog, metrics: Metrics) -> None:
        silence_pynetdicom()
        self._local, self._receive, self._log, self._metrics = local, receive, log, metrics
        self._admission = Admission(local)
        self._tls = None if local.tls is None else server_context(local.tls)
        self.inbox = Inbox(receive)
        self.arrivals = Arrivals(receive.inbox, receive.quiet_s)
        self._answers = Answers(local, log)
        self._visits: dict[int, _Visit] = {}
        self._said: dict[str, float] = {}
        self._server: Any = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def listening(self) -> bool:
        """Between `start` and `stop`."""
        return self._server is not None and self._thread.is_alive()

    @property
    def associations(self) -> int:
        """How many associations are open."""
        return self._admission.inside()

    def start(self) -> None:
        """Listen, in threads of its own.

        Raises:
            TransientFailure: the port is in use, or the address is not ours.
        """
        from pynetdicom import AE

        from gluteal_grade.pacs.wire import Budget, Handler, Server

        entity = AE(ae_title=self._local.ae_title)
        entity.supported_contexts = supported_contexts()
        entity.maximum_pdu_size = self._local.max_pdu
        entity.maximum_associations = 10_000  # admission counts better: the library counts connections that have said nothing too
        entity.require_called_aet = True
        entity.acse_timeout = min(_ASK_S, self._local.idle_s)
        entity.dimse_timeout = entity.network_timeout = self._local.idle_s
        address = (self._local.host, self._local.port)
        try:
            server = entity.make_server(address, evt_handlers=self._handlers(), server_class=Server, request_handler=Handler)
        except OSError as error:
            words = "in use" if error.errno == errno.EADDRINUSE else f"cannot be bound ({errno.errorcode.get(error.errno or 0, '?')})"
            raise TransientFailure(Reason.PORT_IN_USE, f"port {self._local.port} {words}") from None
        server.tls, server.idle_s, server.most = self._tls, self._local.idle_s, self._local.max_associations
        server.budget = Budget(self._local.memory_mb * 10**6)
        server.known, server.turned_away, server.ended = self._admission.knows, self._turned_away, self._ended
        entity._servers.append(server)  # make_server leaves it out, shutdown takes it from there
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="receiver", daemon=True)
        self._thread.start()
        self._log("listening", port=self.port, tls=self._tls is not None, backlog=self.arrivals.backlog())

    def stop(self, grace_s: float = 10.0) -> None:
        """Accept nothing more, give open associations so many seconds, then abort them."""
        if self._server is not None:
            server, self._server = self._server, None
            self._log("stopped", aborted=self._emptied(server, grace_s))
        self.inbox.close()

    def _emptied(self, server: Any, grace_s: float) -> int:
        self._admission.stopping = True
        server.shutdown()
        _until(lambda: not server.active_associations, grace_s)
        left = server.active_associations
        for association in left:
            association.abort(block=False)
        _until(lambda: not server.active_associations, _AFTER_ABORT_S)
        for association in server.active_associations:
            association.dul.socket.close()
        self._answers.stop()
        return len(left)

    def _handlers(self) -> list[Any]:
        from pynetdicom import evt

        return [
            (evt.EVT_REQUESTED, self._asked),
            (evt.EVT_C_ECHO, lambda _event: 0x0000),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_N_ACTION, self._action),
        ]

    def _asked(self, event: Any) -> None:
        association = event.assoc
        try:
            refused = self._admission.admit(association)
        except Exception:  # the library would log it and accept
            refused = NotAdmitted.CALLING
        if refused is not None:
            self._turned_away(refused.value)
            association.acse.send_reject(*refused.answer)
            association.kill()
            return
        self._visits[id(association)] = _Visit()
        self._metrics.associations.inc()
        self._metrics.open.set(self._admission.inside())

    def _store(self, event: Any) -> int:
        visit, number = self._visits[id(event.assoc)], id(event.assoc)
        stored = self._stored(event)
        visit.counts[stored.outcome] += 1
        if stored.outcome is Outcome.NEW:
            visit.size += stored.size
            self._metrics.images.inc()
            self._metrics.bytes.inc(stored.size)
        elif stored.outcome.stored:
            self._metrics.repeated.labels(stored.outcome.value).inc()
        else:
            self._refused(stored)
        if stored.outcome.stored and stored.study is not None:
            visit.studies.add(stored.study)
            self.arrivals.arrived(stored.study, number)
        return stored.outcome.status

    def _stored(self, event: Any) -> Stored:
        from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION

        request, syntax = event.request, str(event.context.transfer_syntax)
        said = str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID)
        try:
            found = identity_of(request.DataSet, syntax)
            head = file_head(*said, syntax, (PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION))
        except (ValueError, struct.error):  # no data set, or UIDs that are none
            return Stored(Outcome.UNREADABLE, None, 0)
        return self.inbox.store(said, found, head, request.DataSet.getbuffer())

    def _action(self, event: Any) -> tuple[int, None]:
        if event.action_type != 1:
            return 0x0123, None  # no such action
        try:
            result = commit(event.action_information, self.inbox.folder, self.arrivals)
        except Exception:  # the sender's bytes may be anything
            return 0x0115, None  # invalid argument value
        self._log("commitment_asked", stored=len(result.stored), missing=len(result.failed), studies=len(result.studies))
        self._answers.send(event.assoc, result)
        return 0x0000, None

    def _ended(self, association: Any) -> None:
        number = id(association)
        if not self._admission.leave(association):
            return
        self.arrivals.closed(number)
        self._metrics.open.set(self._admission.inside())
        visit = self._visits.pop(number, None)
        if visit is None:
            return
        end = "released" if association.is_released else "broken"
        counts = {name: count for name, count in sorted(visit.counts.items()) if name != Outcome.NEW}
        self._log(
            "association",
            end=end,
            images=visit.counts[Outcome.NEW],
            megabytes=round(visit.size / 1e6, 1),
            studies=len(visit.studies),
            seconds=round(time.monotonic() - visit.began, 1),
            **counts,
        )

    def _refused(self, stored: Stored) -> None:
        self._metrics.refusals.labels(stored.outcome.value).inc()
        self._say("image_refused", stored.outcome.value, stored.study)

    def _turned_away(self, reason: str) -> None:
        self._metrics.refusals.labels(reason).inc()
        self._say("turned_away", reason)

    def _say(self, step: str, reason: str, study: str | None = None) -> None:
        now = time.monotonic()  # a line a second for each reason: many refused callers must not fill the disk
        if now - self._said.get(reason, -1.0) >= 1.0:
            self._said[reason] = now
            self._log(step, reason=reason, study=study)


def _until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
