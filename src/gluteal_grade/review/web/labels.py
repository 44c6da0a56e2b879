"""Corrected label maps: taken in piece by piece, measured beside the server, and the new numbers beside the old ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from gluteal_grade.errors import GradeError, Reason, RefusedInput, advice_for, not_writable
from gluteal_grade.report import fat_text, grade_text, volume_text
from gluteal_grade.result import MuscleResult, StudyResult, scales_of
from gluteal_grade.review.catalogue import Listed
from gluteal_grade.review.correction import Correction, CorrectionState
from gluteal_grade.review.corrections import corrected_result
from gluteal_grade.review.database import FOLDER
from gluteal_grade.review.model import Decision, Item, Key, Session
from gluteal_grade.review.web.bodies import file_body
from gluteal_grade.review.web.pages import reading_room_of, seat_of
from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.vocabulary import Region, Scale

router = APIRouter()


@router.post("/studies/{study}/labels")
async def upload(study: str, request: Request) -> Response:
    """Take a label map in and have the study measured on it."""
    room = reading_room_of(request)
    listed = of_open_read(room, study, request)
    with _scratch(room.out) as path:
        try:
            with path.open("xb") as stream:
                async for piece in file_body(request, room.max_upload):
                    await run_in_threadpool(stream.write, piece)
        except OSError as error:
            raise not_writable(error) from error
        correction = await run_in_threadpool(_accepted, room, study, path)
    return await handed_in(room, seat_of(request).session, listed, correction)


async def handed_in(room: ReadingRoom, session: Session, listed: Listed, correction: Correction) -> Response:
    """Store the reader's decision and have the correction measured."""
    given = Decision(str(uuid.uuid4()), listed.study, Key(Item.LABELS), correction.id)
    await run_in_threadpool(room.store.add, session, [given], listed.result_hash)
    room.corrections.submit(correction)
    return JSONResponse({"id": correction.id, "state": correction.state.value}, 202)


def of_open_read(room: ReadingRoom, study: str, request: Request) -> Listed:
    """The study, for a reader who may see what the program found.

    Raises:
        HTTPException: 403 in a blinded read.
        RefusedInput: `study_not_found`.
    """
    if seat_of(request).session.blinded:
        raise HTTPException(403, "Not in a blinded read: the new numbers would show what the program found.")
    listed = room.catalogue.find(study)
    if listed is None:
        raise RefusedInput(Reason.STUDY_NOT_FOUND)
    return listed


def _accepted(room: ReadingRoom, study: str, path: Path) -> Correction:
    # what reads label maps and images takes longer to load than all the rest, and most servers are never given one
    from gluteal_grade.review.uploads import accept_upload

    return accept_upload(room.out, study, path, room.max_upload)


@router.get("/studies/{study}/corrections")
def corrections(study: str, request: Request) -> list[dict[str, Any]]:
    """How far the measurements on corrected labels are, the latest first."""
    room = reading_room_of(request)
    of_open_read(room, study, request)
    return [_told(room, study, c) for c in reversed(room.corrections.state(study))]


def _told(room: ReadingRoom, study: str, correction: Correction) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": correction.id,
        "at": correction.at,
        "state": correction.state.value,
        "words": _why(correction),
        "rows": [],
        "headings": [],
    }
    done, early = correction.state is CorrectionState.DONE, correction.state is CorrectionState.RUNNING
    if done or early:
        try:
            new = corrected_result(room.out, correction, early=early)
            found["rows"] = beside(room.catalogue.load(study), new)
            found["headings"] = ["", "Volume", "Fat fraction (95 %)", *(scale.title for scale in scales_of(new))]
        except GradeError as error:
            if done:
                found["words"] = error.reason.replace("_", " ")
    return found


def _why(correction: Correction) -> str:
    """What was found and what to do; empty where nothing is wrong."""
    advice = advice_for(correction.reason) if correction.reason else ""
    return ". ".join(words.rstrip(".") for words in (correction.detail, advice) if words)


def beside(old: StudyResult, new: StudyResult) -> list[list[str]]:
    """Muscle, then volume, fat fraction with its interval, and grades: old and new in turn."""
    scales = scales_of(new)
    before = {(m.muscle, m.side): m for m in old.muscles if m.region is Region.WHOLE}
    return [
        [
            f"{m.side} {m.muscle.short}",
            *(text for pair in zip(_texts(before.get((m.muscle, m.side)), scales), _texts(m, scales), strict=True) for text in pair),
        ]
        for m in new.muscles
        if m.region is Region.WHOLE
    ]


def _texts(m: MuscleResult | None, scales: Sequence[Scale]) -> list[str]:
    if m is None:
        return ["–"] * (2 + len(scales))
    return [volume_text(m.volume_ml), fat_text(m), *(grade_text(m.graded(scale.key)) for scale in scales)]


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """A name in the output folder; what was written there goes at the end."""
    path = out / FOLDER / f".upload.{uuid.uuid4().hex}.partial"
    try:
        path.parent.mkdir(exist_ok=True)
        yield path
    finally:
        path.unlink(missing_ok=True)
