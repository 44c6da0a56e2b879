"""Who may ask, from where, and what the browser may do with the answer."""

from __future__ import annotations

import hmac
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response

from gluteal_grade.errors import place_of
from gluteal_grade.review.web.pages import error_page
from gluteal_grade.review.web.reading_room import ReadingRoom, Seat

CSRF_HEADER = "X-Review-Token"
OPEN = ("/static/",)  # holds nothing of any study
_SAFE = ("GET", "HEAD")
_ENTER = "/enter"

_POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{what}-src 'self'" for what in ("style", "script", "connect")),
        "img-src 'self' data:",  # NiiVue holds the letters of its pictures in its own file
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {  # unless the route says otherwise
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Stands before every route: checks, then the reader's seat in the scope, then headers on the answer."""

    def __init__(self, app: App, room: ReadingRoom) -> None:
        self._app, self._room = app, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as the ASGI standard defines it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] >= 400 and request.method not in _SAFE:
                    headers["Connection"] = "close"  # else the rest of what was refused is still read, and thrown away
            await send(message)

        try:
            refusal = self._refusal(request)
            await (refusal or self._app)(scope, receive, with_headers)
        except Exception as error:
            # the reader has been told; no traceback here: its lines may hold a patient's data
            print(f"failure: {type(error).__name__} in {place_of(error)}", file=sys.stderr, flush=True)  # noqa: T201 - the server's log

    def _refusal(self, request: Request) -> Response | None:
        """Why this request gets no answer; None lets it pass, with its seat."""
        host = request.headers.getlist("host")
        if len(host) != 1 or _name(host[0]) not in self._room.hosts:
            return error_page(421, "This server does not answer to that name.", request)
        if "token" in request.query_params:
            return self._enter(request)
        seat = self._room.seat_of_cookie(request.cookies.get(self._room.cookie_name, ""))
        request.scope["seat"] = seat
        if request.url.path.startswith(OPEN):
            return None
        if seat is None:
            return error_page(401, "Open the link that the server printed at its start.", request)
        if request.method in _SAFE:
            return None
        return self._cross_site(request, seat)

    def _enter(self, request: Request) -> Response:
        """The token becomes a cookie and leaves the address."""
        seat = self._room.seat_of_token(request.query_params["token"])
        if seat is None or request.method not in _SAFE or request.url.path != _ENTER:
            return error_page(401, "This link is not, or no longer, valid.", request)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._room.cookie_name, seat.cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https")
        return answer

    def _cross_site(self, request: Request, seat: Seat) -> Response | None:
        """None where a page of ours sent it."""
        origin, fetched = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        ours = origin is None or urlsplit(origin).netloc.lower() == request.headers["host"].lower()
        if not ours or fetched not in (None, "same-origin"):
            return error_page(403, "Another site sent this.", request)
        if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), self._room.csrf(seat).encode()):
            return error_page(403, "The page is out of date: load it again.", request, code="page_out_of_date")
        return None


def link(host: str, port: int, seat: Seat) -> str:
    """Address to open; with the reader's token, if there is one."""
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    return f"{where}enter?token={seat.token}" if seat.token else where


def _name(host: str) -> str:
    """A Host header without its port, lower case; empty where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
