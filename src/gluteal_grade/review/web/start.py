"""From what the command was told to a server that runs."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.correction import UPLOAD_LIMIT
from gluteal_grade.review.corrections import Corrections
from gluteal_grade.review.model import Session
from gluteal_grade.review.store import Store
from gluteal_grade.review.web.reading_room import LOOPBACK, ReadingRoom, Seat
from gluteal_grade.review.web.security import link
from gluteal_grade.review.web.server import listen, serve
from gluteal_grade.review.web.stacks import Stacks

_EVERY = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Told:
    """What the command was told.

    Attributes:
        out: the output folder.
        readers: ids, one or more.
        read, blinded: of all of them.
        only: hashes of studies; None: all.
        data: folder of images.
        config: settings file for measuring again.
        host, port: to listen on; without a port the usual one or a free one.
        names: further names by which browsers may call the server.
        token: of the only reader; made where one is needed and none is given.
        max_upload: bytes.
    """

    out: Path
    readers: Sequence[str]
    read: int = 1
    blinded: bool = False
    only: frozenset[str] | None = None
    data: Path | None = None
    config: Path | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    names: Sequence[str] = ()
    token: str = ""
    max_upload: int = UPLOAD_LIMIT


def run(told: Told, ready: Callable[[Sequence[tuple[str, str]], int], None]) -> None:
    """Serve until told to stop.

    Args:
        told: see there.
        ready: called with each reader's id and address, and the number of studies, once pages are answered.

    Raises:
        RefusedInput, TransientFailure: `port_in_use`, `output_not_writable`, `read_failed`.
    """
    sock = listen(told.host, told.port)
    with sock:
        port = sock.getsockname()[1]
        catalogue = Catalogue(told.out, told.only)
        catalogue.refresh()
        room = ReadingRoom(
            out=told.out,
            catalogue=catalogue,
            store=Store(told.out),
            corrections=Corrections(told.out, told.data, told.config),
            stacks=Stacks(),
            seats=seats(told),
            hosts=hosts(told.host, told.names),
            port=port,
            data=told.data,
            max_upload=told.max_upload,
        )
        shown = socket.gethostname() if told.host in _EVERY else told.host
        addresses = [(seat.session.reader, link(shown, port, seat)) for seat in room.seats]
        serve(room, sock, lambda: ready(addresses, len(catalogue.listed)))


def seats(told: Told) -> tuple[Seat, ...]:
    """One a reader; with a token each, unless one reader alone is at this machine and wants none."""
    needed = len(told.readers) > 1 or not is_loopback(told.host) or bool(told.token)
    made = [told.token or secrets.token_urlsafe(32) if needed else "" for _ in told.readers]
    return tuple(Seat(Session(reader, told.read, told.blinded), token) for reader, token in zip(told.readers, made, strict=True))


def is_loopback(host: str) -> bool:
    """Only this machine can reach it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hosts(host: str, names: Sequence[str]) -> frozenset[str]:
    """Names by which the server may be called: a page of another site cannot use one of its own that leads here."""
    own = {socket.gethostname(), socket.getfqdn()} if not is_loopback(host) else set[str]()
    found = {*LOOPBACK, host, *names, *own}
    if host in _EVERY:
        found |= _own_addresses()
    return frozenset(name.lower().strip("[]") for name in found if name and name not in _EVERY)


def _own_addresses() -> set[str]:
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()
