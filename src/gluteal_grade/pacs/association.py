"""Associations with the peer: opened, watched, closed; and what their failures mean."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.presentation import PresentationContext

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.pacs.config import PacsSettings, PeerSettings
from gluteal_grade.pacs.tls import client_context

# its log would quote the identifiers of queries and answers
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False

# PS3.8 table 9-21: source and reason of a rejection
_REJECTED = {
    (1, 2): "application context not supported",
    (1, 3): "it does not know our AE title",
    (1, 7): "it does not go by this AE title",
    (2, 2): "protocol version not supported",
    (3, 1): "too busy just now",
    (3, 2): "too many associations just now",
}


class NotOffered(TransientFailure):
    """`peer_refused`: the peer is there, but has none of the services that were asked for."""


class Watch:
    """Ends connections on which nothing moves.

    pynetdicom waits for whole messages, without end inside one, and up to 30 s after an abort. A large image over a slow line is
    no silence, half an image and then nothing is: so the bytes are watched, and a connection that says nothing is closed under it.
    One watch may look after several connections; in a C-MOVE the images come on another one than the answers.
    """

    def __init__(self, silence_s: float) -> None:
        self.silence_s = silence_s
        self.fired = False
        self.opened = False
        self.aborted = False
        self.rejected: tuple[int, int] | None = None  # source and reason
        self._heard = time.monotonic()
        self._done = threading.Event()
        self._sockets: list[Any] = []

    @property
    def handlers(self) -> list[tuple[Any, Any]]:
        """To be given to pynetdicom."""
        return [
            (evt.EVT_CONN_OPEN, self._open),
            (evt.EVT_DATA_RECV, self._hear),
            (evt.EVT_DATA_SENT, self._hear),
            (evt.EVT_PDU_RECV, self._read),
        ]

    def __enter__(self) -> Watch:
        self._heard = time.monotonic()
        threading.Thread(target=self._look, daemon=True, name="pacs-watch").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def close(self) -> None:
        """Close all its connections, now."""
        for one in self._sockets:
            raw = getattr(one, "socket", None)
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.shutdown(socket.SHUT_RDWR)

    def failure(self) -> TransientFailure:
        """Why a connection has ended that we did not end."""
        if self.fired:
            return TransientFailure(Reason.PEER_UNREACHABLE, f"the peer said nothing for {self.silence_s:g} s")
        if self.aborted:  # Orthanc does so where it does not let us query, or does not know where to move to
            return TransientFailure(Reason.PEER_UNREACHABLE, "the peer aborted; does it let our AE title do this?")
        return TransientFailure(Reason.PEER_UNREACHABLE, "the peer broke the connection" if self.opened else "no connection")

    def _open(self, event: Any) -> None:
        self.opened = True
        one = event.assoc.dul.socket
        self._sockets.append(one)
        with contextlib.suppress(OSError, AttributeError):
            # a message is two small writes: without this each waits 40 ms for the peer's delayed acknowledgement
            one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._hear(event)

    def _hear(self, _event: Any) -> None:
        self._heard = time.monotonic()

    def _read(self, event: Any) -> None:
        kind = type(event.pdu).__name__
        self.aborted = self.aborted or kind == "A_ABORT_RQ"
        if kind == "A_ASSOCIATE_RJ":
            self.rejected = (int(event.pdu.source or 0), int(event.pdu.reason_diagnostic or 0))

    def _look(self) -> None:
        while not self._done.wait(max(0.02, min(1.0, self._heard + self.silence_s - time.monotonic()))):
            if self.opened and time.monotonic() - self._heard >= self.silence_s:
                self.fired = True
                self.close()
                return


@contextmanager
def associated(
    settings: PacsSettings,
    contexts: Sequence[PresentationContext],
    roles: Sequence[Any] = (),
    handlers: Sequence[tuple[Any, Any]] = (),
) -> Iterator[tuple[Any, Watch]]:
    """An association with `settings.pacs`, released at the end of the block, or aborted if the block fails.

    Args:
        settings: who we are, who the peer is.
        contexts: presentation contexts to ask for, at most 128.
        roles: role selection items, for C-GET.
        handlers: pynetdicom event handlers.

    Raises:
        TransientFailure: `peer_unreachable` (no connection, silence, connection broken), `peer_refused` (rejected, or no service).
        ValueError: the settings name no peer, or TLS files that cannot be read.
    """
    peer = peer_of(settings)
    with Watch(peer.timeout_s) as watch:
        association = _open(settings, peer, contexts, roles, [*watch.handlers, *handlers], watch)
        try:
            yield association, watch
            if association.is_established:
                association.release()
        finally:
            if not association.is_released:
                _drop(association, watch)


def peer_of(settings: PacsSettings) -> PeerSettings:
    """The peer of DIMSE; ValueError where the settings name none."""
    if settings.pacs is None:
        raise ValueError("the settings have no `pacs` (AE title, host and port of the peer)")
    return settings.pacs


def accepted(association: Any, sop_class: str) -> bool:
    """Whether the peer offers this service on this association."""
    return any(one.abstract_syntax == sop_class for one in association.accepted_contexts)


def need(association: Any, sop_class: str, name: str) -> None:
    """Raise `peer_refused` unless the peer offers it."""
    if not accepted(association, sop_class):
        raise NotOffered(Reason.PEER_REFUSED, f"the peer does not offer {name}")


def _open(settings: PacsSettings, peer: PeerSettings, contexts: Any, roles: Any, handlers: Any, watch: Watch) -> Any:
    ae = AE(ae_title=settings.local.ae_title)
    ae.connection_timeout = peer.timeout_s
    ae.acse_timeout = ae.network_timeout = 2 * peer.timeout_s  # the watch is first
    ae.dimse_timeout = None
    tls = (client_context(peer.tls), peer.tls_name or peer.host) if peer.tls else None
    try:
        association = ae.associate(
            peer.host, peer.port, contexts=list(contexts), ae_title=peer.ae_title, max_pdu=settings.local.max_pdu,
            ext_neg=list(roles) or None, tls_args=tls, evt_handlers=handlers,
        )  # fmt: skip
    except OSError as error:  # the name of the host is not known
        raise TransientFailure(Reason.PEER_UNREACHABLE, type(error).__name__) from None
    if association.is_established:
        return association
    if watch.rejected is not None:  # pynetdicom forgets it where the peer closes the connection at once
        raise TransientFailure(Reason.PEER_REFUSED, f"association rejected: {_REJECTED.get(watch.rejected, 'no reason given')}")
    if association.rejected_contexts and not watch.fired:
        raise NotOffered(Reason.PEER_REFUSED, "the peer offers none of the services asked for")
    raise watch.failure()


def _drop(association: Any, watch: Watch) -> None:
    """Abort without waiting for the peer to agree."""
    association.abort(block=False)
    end = time.monotonic() + 0.5
    while time.monotonic() < end and association.dul.to_provider_queue.qsize():
        time.sleep(0.005)
    watch.close()
