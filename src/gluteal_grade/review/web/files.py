"""Files that pages link to: only those known by name, only of studies in the catalogue."""

from __future__ import annotations

import re
from importlib.resources import files as packaged

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import FileResponse, Response

from gluteal_grade.review.catalogue import Listed
from gluteal_grade.review.model import Session
from gluteal_grade.review.web.pages import reading_room_of, seat_of
from gluteal_grade.review.web.stacks import inside
from gluteal_grade.vocabulary import StudyFile

router = APIRouter()

_PICTURE = re.compile(r"overlay_(summary|\d{2}_[a-z_]{1,60})\.png")
_STATIC = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_STATIC_NAME = re.compile(r"[a-z_]{1,30}\.(css|js|svg)")
# the report brings its styles and pictures with it; it may load and run nothing
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Styles and scripts of the pages."""
    if not _STATIC_NAME.fullmatch(name):
        raise HTTPException(404)
    found = packaged("gluteal_grade.review.web") / "static" / name
    if not found.is_file():
        raise HTTPException(404)
    kind = _STATIC[name[name.rindex(".") :]]
    return Response(found.read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})


@router.get("/studies/{study}/files/{name}")
def study_file(study: str, name: str, request: Request) -> Response:
    """One file of a study."""
    room, session = reading_room_of(request), seat_of(request).session
    listed = room.catalogue.find(study)
    if listed is None or not may_have(session, name):
        raise HTTPException(404)
    path = inside(room.out, listed.place, name)
    if path is None:
        raise HTTPException(404)
    if _PICTURE.fullmatch(name):
        return FileResponse(path, media_type="image/png")
    file = StudyFile(name)
    if file is StudyFile.REPORT:
        return FileResponse(path, media_type=file.media_type, headers={"Content-Security-Policy": _REPORT_POLICY})
    return FileResponse(path, media_type=file.media_type, filename=f"{study}_{name}")


def may_have(session: Session, name: str) -> bool:
    """Whether this reader may have a file of this name."""
    file = next((file for file in StudyFile if file == name and file.media_type), None)
    if session.blinded:
        return file is not None and file.for_blinded
    return file is not None or _PICTURE.fullmatch(name) is not None


def overlays(names: list[str]) -> list[str]:
    """The level pictures among these files, superior to inferior, the summary last."""
    found = sorted(n for n in names if _PICTURE.fullmatch(n))
    return [n for n in found if "summary" not in n] + [n for n in found if "summary" in n]


def links(session: Session, listed: Listed, names: list[str]) -> list[tuple[str, str]]:
    """Words and addresses of what a reader may open of a study."""
    shown = [file for file in StudyFile if file.link and file in names and may_have(session, file)]
    found = [(file.link, f"/studies/{listed.study}/files/{file}") for file in shown]
    if "overlay_summary.png" in names and may_have(session, "overlay_summary.png"):
        found.insert(0, ("Overlay", f"/studies/{listed.study}/files/overlay_summary.png"))
    return found
