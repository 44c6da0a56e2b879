"""The application: its routes behind the guard."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.review.web.decisions import router as decisions
from gluteal_grade.review.web.exporting import router as exporting
from gluteal_grade.review.web.files import router as files
from gluteal_grade.review.web.labels import router as labels
from gluteal_grade.review.web.listing import router as listing
from gluteal_grade.review.web.pages import error_page
from gluteal_grade.review.web.pictures import router as pictures
from gluteal_grade.review.web.room import Room
from gluteal_grade.review.web.security import App, Guard
from gluteal_grade.review.web.study import router as study

_STATUS = {Reason.STUDY_NOT_FOUND: 404, Reason.IMAGES_NOT_FOUND: 404, Reason.UPLOAD_TOO_LARGE: 413, Reason.OUTPUT_NOT_WRITABLE: 507}
_WORDS = {404: "There is no such page.", 405: "This address does not take that."}


def create_app(room: Room) -> App:
    """The application of one room, ready for a server."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, title="gluteal-grade review")
    app.state.room = room
    for part in (listing, study, pictures, files, decisions, labels, exporting):
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
