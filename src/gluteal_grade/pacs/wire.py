"""The transport of the receiver: pynetdicom's server with limits on what a caller can make it do.

pynetdicom shakes TLS hands in the thread that accepts connections, reads from peers without a time limit and takes PDUs and messages
of any length. Here each of these has a bound, and one peer never holds up another.
"""

from __future__ import annotations

import queue
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pynetdicom import evt
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

_LONGEST_PDU = 1 << 19  # bytes; an association request with all contexts has some tens of thousands
_HALF_OPEN = 64  # connections beyond the associations that may be there at once
_HANDSHAKE_S = 10.0
_HEAD = 6  # bytes that begin a PDU
_WAIT_S = 0.05  # for the peer's bytes, before time-outs are looked at
_LOOK_S = 0.005  # for the next message, before release and abort are looked at


class Budget:
    """Bytes of messages that are being received or wait to be handled, of all associations together."""

    def __init__(self, limit: int) -> None:
        self._limit, self._used, self._lock = limit, 0, threading.Lock()

    def add(self, size: int) -> bool:
        """Take so many; False if there are not so many left."""
        with self._lock:
            if self._used + size > self._limit:
                return False
            self._used += size
            return True

    def give_back(self, size: int) -> None:
        """Return bytes to the budget."""
        with self._lock:
            self._used -= size


class Wire(AssociationSocket):  # type: ignore[misc]
    """One connection's socket: limits the length and duration of a PDU and the memory that it takes, and sends without delay.

    The library's threads sleep a millisecond at a time and look whether something happened, which halves the speed. Here they wait:
    for bytes of the peer or a bell that rings when there is something to send, and for the next message.
    """

    def adopt(self, server: Server) -> None:
        """Settle in; the object was made by the library as one of its own."""
        association = self.assoc
        self._server, self._current, self._waiting = server, 0, deque[int]()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        association.bind(evt.EVT_DIMSE_RECV, self._received)
        association.bind(evt.EVT_DIMSE_SENT, self._answered)
        association.bind(evt.EVT_CONN_CLOSE, self._closed)
        outgoing, incoming = association.dul.to_provider_queue, association.dimse.msg_queue
        put = outgoing.put

        def put_and_ring(item: Any) -> None:
            put(item)
            with suppress(OSError):  # full: a wake-up is waiting already; closed: the other end has gone
                self._rope.send(b"!")

        def next_message(block: bool = False) -> Any:
            try:
                return incoming.get(timeout=association.dimse_timeout if block else _LOOK_S)
            except queue.Empty:
                return None, None

        outgoing.put, association.dimse.get_msg = put_and_ring, next_message

    @property
    def ready(self) -> bool:
        """Is there something to read? Waits a moment for it."""
        wire = self.socket
        if wire is None or not self._is_connected:
            return False
        if isinstance(wire, ssl.SSLSocket) and wire.pending():
            return True
        try:
            found, _, _ = select.select([wire, self._bell], [], [], _WAIT_S)
            if self._bell in found:
                self._bell.recv(64)
        except (OSError, ValueError):
            self.event_queue.put("Evt17")  # the connection is closed
            return False
        return wire in found

    def recv(self, size: int) -> bytearray:
        """Exactly so many bytes, or fewer if the peer hangs up.

        Raises:
            OSError: too many, or not in time: the connection is closed then.
        """
        if size > _LONGEST_PDU:
            self._server.turned_away("pdu_too_long")
            raise OSError("PDU too long")
        if size > _HEAD:
            if not self._server.budget.add(size):
                self._server.turned_away("memory")
                raise OSError("too much in memory")
            self._current += size
        found, at, end = bytearray(size), 0, time.monotonic() + self._server.idle_s
        view = memoryview(found)
        while at < size:
            if time.monotonic() > end:
                raise TimeoutError
            got = self.socket.recv_into(view[at:])
            if not got:
                return found[:at]
            at += got
        return found

    def ended(self) -> None:
        """Return everything that this connection still holds of the budget."""
        self._server.budget.give_back(self._current + sum(self._waiting))
        self._current = 0
        self._waiting.clear()
        self._bell.close()
        self._rope.close()

    def _received(self, _event: Any) -> None:
        self._waiting.append(self._current)
        self._current = 0

    def _closed(self, _event: Any) -> None:
        if self.assoc.requestor.primitive is None:  # it asked for nothing, and the library would wait for that all the same
            self.assoc.dul.to_user_queue.put(None)

    def _answered(self, _event: Any) -> None:
        if self._waiting:
            self._server.budget.give_back(self._waiting.popleft())


class Handler(RequestHandler):  # type: ignore[misc]
    """One connection, from its first byte to its end, in a thread of its own."""

    server: Server

    def handle(self) -> None:
        """Serve the connection until it ends."""
        association = self._create_association()
        association.dul.daemon = True  # a peer that hangs does not keep the process
        association.dul._run_loop_delay = 0.0  # `ready` waits
        wire = association.dul.socket
        wire.__class__ = Wire
        wire.adopt(self.server)
        try:
            association.start()
            association.join()
        finally:
            wire.ended()
            self.server.ended(association)
            self.server.shutdown_request(self.request)


class Server(ThreadedAssociationServer):  # type: ignore[misc]
    """Accepts connections; set the attributes below before `serve_forever`.

    Attributes:
        tls: for mutual TLS; None: plain.
        idle_s: a peer that sends nothing for this long is dropped.
        most: associations at once.
        budget: memory of all messages.
        known: may this address connect?
        turned_away: told why a connection was refused or dropped, a short code.
        ended: told of every association whose connection is over.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    tls: ssl.SSLContext | None = None
    idle_s = 60.0
    most = 16
    budget: Budget
    known: Callable[[str], bool]
    turned_away: Callable[[str], None]
    ended: Callable[[Any], None]

    def __init__(self, *words: Any, **named: Any) -> None:
        self._connections, self._counting = 0, threading.Lock()
        super().__init__(*words, **named)

    def verify_request(self, request: socket.socket, client_address: Any) -> bool:  # noqa: ARG002
        """Before anything is read: is the address welcome, and are there threads left?"""
        if not self.known(str(client_address[0])):
            self.turned_away("address")
            return False
        if self._connections >= self.most + _HALF_OPEN:
            self.turned_away("connections")
            return False
        return True

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin the connection's own thread."""
        with self._counting:
            self._connections += 1
        try:
            super().process_request(request, client_address)
        except Exception:  # no more threads can be started
            self._over()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In it, until the connection is over."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._over()

    def _over(self) -> None:
        with self._counting:
            self._connections -= 1

    def finish_request(self, request: socket.socket, client_address: Any) -> None:
        """In the connection's own thread: TLS, time-outs, then DICOM."""
        if self.tls is not None:
            request.settimeout(min(_HANDSHAKE_S, self.idle_s))
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (OSError, ValueError):
                self.turned_away("tls")
                self.shutdown_request(request)
                return
        request.settimeout(self.idle_s)
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """The library prints tracebacks to the terminal; here it is a count."""
        self.turned_away("connection_error")
