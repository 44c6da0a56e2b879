"""Templates, in which all text is escaped, and the page that says what is wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Request
from jinja2 import Environment
from starlette.responses import HTMLResponse, JSONResponse, Response

from gluteal_grade.cohort.gallery import DISCLAIMER
from gluteal_grade.report import environment as plain_environment
from gluteal_grade.report import visible
from gluteal_grade.review.web.reading_room import ReadingRoom, Seat


@cache
def environment() -> Environment:
    """With the words of the app."""
    found: Environment = plain_environment("gluteal_grade.review.web")
    found.globals.update(disclaimer=DISCLAIMER)
    found.filters.update(visible=visible, number=lambda n: f"{n:,}")
    return found


def page(name: str, request: Request, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for the reader who asks."""
    seat, room = seat_of(request), reading_room_of(request)
    text = environment().get_template(name).render(session=seat.session, csrf=room.csrf(seat), **values)
    return HTMLResponse(text, status)


def error_page(status: int, words: str, request: Request, code: str = "") -> Response:
    """What is wrong, as a plain page, or as JSON where a script asked."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": code or "refused", "words": words}, status)
    return HTMLResponse(environment().get_template("error.html.j2").render(status=status, words=words), status)


def seat_of(request: Request) -> Seat:
    """The reader of this request; others were turned away before."""
    seat: Seat = request.scope["seat"]
    return seat


def reading_room_of(request: Request) -> ReadingRoom:
    """The output folder and readers that this server holds."""
    room: ReadingRoom = request.app.state.room
    return room
