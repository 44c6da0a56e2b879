"""The server itself: its port, its patience and its end."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import h11
import uvicorn
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from gluteal_grade.errors import GradeError, Reason, RefusedInput, TransientFailure
from gluteal_grade.review.web.decisions import router as decisions
from gluteal_grade.review.web.drawings import router as drawings
from gluteal_grade.review.web.exporting import router as exporting
from gluteal_grade.review.web.files import router as files
from gluteal_grade.review.web.labels import router as labels
from gluteal_grade.review.web.library import router as library
from gluteal_grade.review.web.listing import router as listing
from gluteal_grade.review.web.pages import error_page
from gluteal_grade.review.web.pictures import router as pictures
from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.review.web.security import App, Guard
from gluteal_grade.review.web.study import router as study
from gluteal_grade.review.web.surfaces import router as surfaces

DEFAULT_PORT = 8765
HEADERS_S = 15.0  # a request's head must be there by then
_LOOK_S = 10.0  # between two looks for new results
_MOST_CONNECTIONS = 200
_GRACE_S = 3  # answers under way may end
_STATUS = {Reason.STUDY_NOT_FOUND: 404, Reason.IMAGES_NOT_FOUND: 404, Reason.UPLOAD_TOO_LARGE: 413, Reason.OUTPUT_NOT_WRITABLE: 507}
_WORDS = {404: "There is no such page.", 405: "This address does not take that."}


def listen(host: str, port: int | None) -> socket.socket:
    """A socket on this port; without one on the usual port, or a free one where that is taken.

    Raises:
        TransientFailure: `port_in_use`.
    """
    wanted = (DEFAULT_PORT, 0) if port is None else (port,)
    for number in wanted:
        try:
            return _bound(host, number)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES) or number == wanted[-1]:
                raise TransientFailure(Reason.PORT_IN_USE, "this address cannot be listened on") from None
    raise AssertionError


def serve(room: ReadingRoom, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM.

    Args:
        room: what is served; closed at the end.
        sock: of `listen`.
        ready: called once requests are answered.
    """
    stop = threading.Event()
    looking = threading.Thread(target=_look, args=(room, stop), daemon=True)
    looking.start()
    try:
        _Server(config_of(room), ready).run([sock])
    finally:
        stop.set()
        room.close()


def config_of(room: ReadingRoom) -> uvicorn.Config:
    """How requests are answered: no log of addresses, limits on connections and waiting."""
    return uvicorn.Config(
        create_app(room),
        http=_Patient,
        ws="none",
        lifespan="off",
        log_config=None,  # addresses may hold a token or a study
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_GRACE_S,
    )


class _Server(uvicorn.Server):
    """Tells when it is ready; a signal ends it, and nothing more."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but it does not raise the signal again at the end: that would hide the command's exit code."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Patient(H11Protocol):
    """Closes a connection whose request does not come: enough of those would keep readers out."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._deadline is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(HEADERS_S, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _look(room: ReadingRoom, stop: threading.Event) -> None:
    """Follow what is graded while the server runs."""
    while not stop.wait(_LOOK_S):
        try:
            room.catalogue.refresh()
        except GradeError:
            continue  # the next look may find it


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # told so, or asyncio leaves Nagle on: 40 ms an answer
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(128)
    except BaseException:
        sock.close()
        raise
    return sock


def create_app(room: ReadingRoom) -> App:
    """The application of one room, ready for a server."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, title="gluteal-grade review")
    app.state.room = room
    for part in (listing, study, pictures, surfaces, library, files, decisions, labels, drawings, exporting):
        app.include_router(part)
    app.add_exception_handler(GradeError, _refused)
    app.add_exception_handler(HTTPException, _missing)
    app.add_exception_handler(Exception, _defect)
    return Guard(app, room)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, GradeError)
    status = _STATUS.get(error.reason, 422 if isinstance(error, RefusedInput) else 503)
    detail = f"{error.detail[:1].upper()}{error.detail[1:]}. " if error.detail else ""
    return error_page(status, f"{detail}{error.advice}", request, code=error.reason.value)


def _missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_page(error.status_code, _WORDS.get(error.status_code, error.detail), request)


def _defect(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as the framework calls it
    return error_page(500, "A defect of the program: this request stored nothing.", request, code=Reason.DEFECT.value)
