"""Decisions, as pages send them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.result import StudyResult, scales_of
from gluteal_grade.review.model import LONGEST_NOTE, Decision, Item, Key
from gluteal_grade.review.web.bodies import json_body
from gluteal_grade.review.web.form import programs_word
from gluteal_grade.review.web.pages import reading_room_of, seat_of
from gluteal_grade.review.web.reading_room import ReadingRoom, Seat

router = APIRouter()

_MOST = 200  # decisions at once
_LONGEST_BODY = 4 << 20


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SentDecision(_Sent):
    """One decision; what it may hold is for `model.checked` to say."""

    id: str = Field(max_length=36)
    item: Item
    muscle: str = Field("", max_length=40)
    side: str = Field("", max_length=10)
    part: str = Field("", max_length=40)
    value: str = Field(max_length=LONGEST_NOTE)


class SentBatch(_Sent):
    """Decisions on one study, oldest first.

    Attributes:
        reader, read, blinded: for whom the page was made: another server may answer at its address meanwhile.
        study: hash.
        result_hash: of the result that the page showed.
    """

    reader: str = Field(max_length=40)
    read: int
    blinded: bool
    study: str = Field(max_length=12)
    result_hash: str = Field(max_length=64)
    decisions: tuple[SentDecision, ...] = Field(min_length=1, max_length=_MOST)


@router.get("/api/session")
def session_of_server(request: Request) -> dict[str, Any]:
    """Who reads at this server, for pages that were loaded before it was started."""
    return _identity(reading_room_of(request), seat_of(request))


@router.post("/api/decisions")
async def store_decisions(request: Request) -> Response:
    """Store them all, or none; the ids that are stored now, whether this time or an earlier one."""
    content = await json_body(request, _LONGEST_BODY)
    try:
        batch = SentBatch.model_validate_json(content)
    except ValidationError as error:
        raise RefusedInput(Reason.BAD_DECISION, f"not understood: {error.errors()[0]['type'].replace('_', ' ')}") from None
    from starlette.concurrency import run_in_threadpool

    return await run_in_threadpool(_store, reading_room_of(request), seat_of(request), batch)


def _store(room: ReadingRoom, seat: Seat, batch: SentBatch) -> Response:
    session = seat.session
    if (batch.reader, batch.read, batch.blinded) != (session.reader, session.read, session.blinded):
        return JSONResponse({"error": "other_reader", "words": "This server now reads for another reader, read or mode."}, 409)
    result = _result_shown(room, batch)
    decisions = []
    for sent in batch.decisions:
        key = Key(sent.item, sent.muscle, sent.side, sent.part)
        program = programs_word(result, key) if result else ""
        decisions.append(Decision(sent.id, batch.study, key, sent.value, program, seen=not session.blinded))
    scales = scales_of(result) if result else None
    new = room.store.add(session, decisions, batch.result_hash, scales)
    return JSONResponse({"stored": [d.id for d in decisions], "new": new})


def _result_shown(room: ReadingRoom, batch: SentBatch) -> StudyResult | None:
    """The result that the reader saw; None where it was replaced meanwhile: what it said is not known any more."""
    listed = room.catalogue.find(batch.study)
    if listed is None:
        raise RefusedInput(Reason.STUDY_NOT_FOUND)
    if listed.result_hash != batch.result_hash:
        return None
    try:
        return room.catalogue.load(batch.study)
    except GradeError:  # being replaced just now
        return None


def _identity(room: ReadingRoom, seat: Seat) -> dict[str, Any]:
    session = seat.session
    return {"reader": session.reader, "read": session.read, "blinded": session.blinded, "csrf": room.csrf(seat)}
