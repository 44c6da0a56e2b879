"""Files that pages link to: only those known by name, only of studies in the catalogue."""

from __future__ import annotations

import re
from importlib.resources import files as packaged

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import FileResponse, Response

from gluteal_grade.report import IMAGE, MUSCLES, REPORT, RESULT
from gluteal_grade.review.catalogue import Listed
from gluteal_grade.review.model import Session
from gluteal_grade.review.web.pages import room_of, seat_of
from gluteal_grade.review.web.stacks import inside

router = APIRouter()

LABELS = "labels.nii.gz"
# of these a blinded reader may have the image alone: the others hold what the program found
_KINDS = {
    IMAGE: "application/gzip",
    LABELS: "application/gzip",
    "fat_fraction.nii.gz": "application/gzip",
    "excluded.nii.gz": "application/gzip",
    REPORT: "text/html; charset=utf-8",
    RESULT: "application/json",
    MUSCLES: "text/csv; charset=utf-8",
}
_BLINDED = frozenset({IMAGE})
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
    room, session = room_of(request), seat_of(request).session
    listed = room.catalogue.find(study)
    if listed is None or not may_have(session, name):
        raise HTTPException(404)
    path = inside(room.out, listed.place, name)
    if path is None:
        raise HTTPException(404)
    if name == REPORT:
        return FileResponse(path, media_type=_KINDS[name], headers={"Content-Security-Policy": _REPORT_POLICY})
    if _PICTURE.fullmatch(name):
        return FileResponse(path, media_type="image/png")
    return FileResponse(path, media_type=_KINDS[name], filename=f"{study}_{name}")


def may_have(session: Session, name: str) -> bool:
    """Whether this reader may have a file of this name."""
    if session.blinded:
        return name in _BLINDED
    return name in _KINDS or _PICTURE.fullmatch(name) is not None


def overlays(names: list[str]) -> list[str]:
    """The level pictures among these files, superior to inferior, the summary last."""
    found = sorted(n for n in names if _PICTURE.fullmatch(n))
    return [n for n in found if "summary" not in n] + [n for n in found if "summary" in n]


def links(session: Session, listed: Listed, names: list[str]) -> list[tuple[str, str]]:
    """Words and addresses of what a reader may open of a study."""
    words = {
        REPORT: "Report",
        IMAGE: "Image",
        LABELS: "Labels",
        "fat_fraction.nii.gz": "Fat map",
        RESULT: "result.json",
        MUSCLES: "muscles.csv",
    }
    found = [(text, f"/studies/{listed.study}/files/{name}") for name, text in words.items() if name in names and may_have(session, name)]
    if "overlay_summary.png" in names and may_have(session, "overlay_summary.png"):
        found.insert(0, ("Overlay", f"/studies/{listed.study}/files/overlay_summary.png"))
    return found
