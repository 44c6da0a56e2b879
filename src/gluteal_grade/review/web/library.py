"""NiiVue, which draws the 3-D view: where it is, if it is there."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse, Response

from gluteal_grade.config import shipped

router = APIRouter()

_PLACES = (("viewer",), ("build", "viewer"))  # in the wheel; in a checkout
_FILE = "niivue.js"


def library() -> Path | None:
    """The library's file, if it was fetched when the program was built: it is never in the repository."""
    for place in _PLACES:
        try:
            return shipped(*place, _FILE)
        except FileNotFoundError:
            continue
    return None


@router.get("/static/niivue.js")
def niivue() -> Response:
    """The library itself, 2 MB: a browser keeps it, and asks whether it has changed."""
    path = library()
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})
