"""Corrections drawn in the page: what they start from, slices filled between drawn ones, and the drawing handed in."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gluteal_grade.errors import GradeError, Reason, RefusedInput
from gluteal_grade.review.correction import Correction, CorrectionState
from gluteal_grade.review.model import Item, Key, Session
from gluteal_grade.review.runs import TO_WHOLE, WHOLE_VALUES, decoded_slices, encoded
from gluteal_grade.review.web.bodies import json_body
from gluteal_grade.review.web.labels import handed_in, of_open_read
from gluteal_grade.review.web.pages import reading_room_of, seat_of
from gluteal_grade.review.web.pictures import stack_of
from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.vocabulary import COLOURS, Region, Side, muscles_among

# what reads label maps is imported where it is used: it takes longer to load than all the rest, see `labels`

router = APIRouter()

LONGEST_BODY = 16 << 20  # bytes; 60 slices of 512 x 512 as networks and hands draw them take half a megabyte


@router.get("/studies/{study}/drawing")
def start(study: str, request: Request, base: str | None = None) -> dict[str, Any]:
    """What can be drawn, and what on: where the labels differ from the program's.

    Args:
        study: hash.
        request: the request.
        base: id of the correction to draw on, empty for the program's labels; this reader's last one if it is not said.
    """
    room, session = reading_room_of(request), seat_of(request).session
    of_open_read(room, study, request)
    result = room.catalogue.load(study)
    drawn_on = _last(room, session, study) if base is None else known_correction(room, base)
    found = _base(room, study, drawn_on, asked=base is not None)
    room.corrections.expect(study)
    return {
        "muscles": [
            {"value": WHOLE_VALUES[muscle, side], "muscle": muscle.short, "side": side.value, "colour": COLOURS[muscle, Region.WHOLE]}
            for muscle in muscles_among(m.muscle for m in result.muscles)
            for side in (Side.RIGHT, Side.LEFT)
        ],
        "colours": {value: COLOURS[muscle, Region.WHOLE] for (muscle, _), value in WHOLE_VALUES.items()},
        "whole": TO_WHOLE.tolist(),
        **found,
    }


@router.post("/studies/{study}/between")
async def between(study: str, request: Request) -> dict[str, Any]:
    """The slices of one muscle between those that were drawn. Nothing is stored."""
    room = reading_room_of(request)
    of_open_read(room, study, request)
    sent = await sent_drawing(request, {"value", "slices"})
    return await run_in_threadpool(_between, room, study, sent)


@router.post("/studies/{study}/drawing")
async def hand_in(study: str, request: Request) -> Response:
    """Have the study measured on what was drawn: checked, stored and decided like a label map that was uploaded."""
    room = reading_room_of(request)
    listed = of_open_read(room, study, request)
    sent = await sent_drawing(request, {"result_hash", "base", "slices"})
    if sent["result_hash"] != listed.result_hash:
        raise RefusedInput(Reason.BAD_DRAWING, "the study was graded again since it was drawn on")
    correction = await run_in_threadpool(_drawn, room, study, sent)
    return await handed_in(room, seat_of(request).session, listed, correction)


async def sent_drawing(request: Request, names: set[str]) -> dict[str, Any]:
    """The JSON of a request about a drawing, with these names and no others.

    Raises:
        RefusedInput: `bad_drawing`.
    """
    too_long = RefusedInput(Reason.BAD_DRAWING, f"more than {LONGEST_BODY >> 20} MB")
    content = await json_body(request, LONGEST_BODY, too_long)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise RefusedInput(Reason.BAD_DRAWING, "it is no JSON") from None
    if not isinstance(found, dict) or set(found) != names:
        raise RefusedInput(Reason.BAD_DRAWING, f"it must hold {', '.join(sorted(names))}")
    return found


def _between(room: ReadingRoom, study: str, sent: dict[str, Any]) -> dict[str, Any]:
    from gluteal_grade.review.between import filled_between

    stack, value = stack_of(room, study), sent["value"]
    if type(value) is not int or value not in WHOLE_VALUES.values():
        raise RefusedInput(Reason.BAD_DRAWING, "the value is no muscle that can be drawn")
    count, rows, columns = stack.grey.shape
    slices = decoded_slices(sent["slices"], count, (rows, columns), (value,))
    filled = filled_between({index: picture > 0 for index, picture in slices.items()}, stack.view.pixel_mm)
    return {"slices": {index: encoded(mask * TO_WHOLE[value]) for index, mask in filled.items()}}


def _drawn(room: ReadingRoom, study: str, sent: dict[str, Any]) -> Correction:
    from gluteal_grade.review.drawing import accept_drawing, present_labels

    present = present_labels(room.out, study, known_correction(room, sent["base"]))
    count, rows, columns = present.size
    slices = decoded_slices(sent["slices"], count, (rows, columns), WHOLE_VALUES.values())
    return accept_drawing(room.out, study, present, slices, room.max_upload)


def _last(room: ReadingRoom, session: Session, study: str) -> Correction | None:
    """This reader's correction that holds, if it was measured."""
    stored = room.store.current(session, study).get(Key(Item.LABELS))
    found = room.corrections.find(stored.decision.value) if stored else None
    return found if found is not None and found.state is CorrectionState.DONE else None


def known_correction(room: ReadingRoom, base: Any) -> Correction | None:
    """The correction that was drawn on, None where it was the program's labels.

    Raises:
        RefusedInput: `bad_drawing`: there is none of this id.
    """
    found = room.corrections.find(base) if isinstance(base, str) and base else None
    if found is None and base != "":
        raise RefusedInput(Reason.BAD_DRAWING, "the correction drawn on is not known")
    return found


def _base(room: ReadingRoom, study: str, correction: Correction | None, *, asked: bool) -> dict[str, Any]:
    from gluteal_grade.review.drawing import present_labels

    if correction is not None:
        try:
            present = present_labels(room.out, study, correction)
        except GradeError:  # on another grid, or its files are gone: then the program's labels are drawn on
            if asked:
                raise
        else:
            shown = TO_WHOLE[stack_of(room, study).labels]
            pictures = ((index, present.picture(index)) for index in range(len(shown)))
            return {"base": correction.id, "slices": {n: encoded(found) for n, found in pictures if (found != shown[n]).any()}}
    return {"base": "", "slices": {}}
