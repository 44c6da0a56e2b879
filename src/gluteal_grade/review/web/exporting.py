"""Tables and DICOM reports of what readers decided."""

from __future__ import annotations

import zipfile
from pathlib import Path
from threading import Lock

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from gluteal_grade.files import whole
from gluteal_grade.review.database import FOLDER
from gluteal_grade.review.exports import export, export_reports
from gluteal_grade.review.web.bodies import json_body
from gluteal_grade.review.web.keys import EXPORT_KEYS
from gluteal_grade.review.web.pages import page, reading_room_of, seat_of
from gluteal_grade.review.web.reading_room import ReadingRoom

router = APIRouter()

EXPORT, ZIP = "export", "review.zip"
_TABLES = ("ratings.csv", "decisions.csv", "final.csv")
_one_at_a_time = Lock()


@router.get("/export")
def export_page(request: Request) -> Response:
    """What can be exported."""
    _not_blinded(request)
    return page("export.html.j2", request, keys={"Export": EXPORT_KEYS})


@router.post("/api/export")
async def make_export(request: Request) -> Response:
    """Write everything into `OUT/review/export/` and say what there is."""
    _not_blinded(request)
    await json_body(request, 1000)
    return JSONResponse(await run_in_threadpool(_make, reading_room_of(request)))


@router.get("/export/{name}")
def exported_file(name: str, request: Request) -> Response:
    """One exported file."""
    _not_blinded(request)
    path = reading_room_of(request).out / FOLDER / EXPORT / name
    if name not in (*_TABLES, ZIP) or path.is_symlink() or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type="application/zip" if name == ZIP else "text/csv; charset=utf-8", filename=name)


def _make(room: ReadingRoom) -> dict[str, object]:
    with _one_at_a_time:
        folder = room.out / FOLDER / EXPORT
        tables = export(room.out, folder, room.catalogue, room.store)
        reports = export_reports(room.out, room.catalogue, room.store, room.data)
        _pack(folder / ZIP, [*tables, *reports.reports], room.out / FOLDER)
    return {
        "tables": [path.name for path in tables],
        "zip": ZIP,
        "reports": len(reports.reports),
        "not_written": [{"study": study, "why": why} for study, why in reports.not_written],
    }


def _pack(path: Path, files: list[Path], root: Path) -> None:
    with whole(path) as scratch, zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            name = file.name if file.suffix == ".csv" else file.relative_to(root).as_posix()
            packed.write(file, name)


def _not_blinded(request: Request) -> None:
    if seat_of(request).session.blinded:
        raise HTTPException(403, "Not in a blinded read; `gluteal-grade review OUT --export DIR` writes the tables.")
