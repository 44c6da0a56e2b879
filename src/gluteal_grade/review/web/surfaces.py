"""Surfaces of the muscles for the 3-D view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gluteal_grade.review.runs import TO_WHOLE, WHOLE_VALUES, Picture, decoded_slices
from gluteal_grade.review.web.drawings import known_correction, sent_drawing
from gluteal_grade.review.web.labels import of_open_read
from gluteal_grade.review.web.pages import reading_room_of
from gluteal_grade.review.web.pictures import stack_of
from gluteal_grade.review.web.reading_room import ReadingRoom

router = APIRouter()


@router.get("/studies/{study}/surfaces")
def surfaces(study: str, request: Request) -> Response:
    """Of the program's labels."""
    room = reading_room_of(request)
    return _answer(room, study, stack_of(room, study).labels)


@router.post("/studies/{study}/surfaces")
async def surfaces_drawn(study: str, request: Request) -> Response:
    """Of what is being drawn. Nothing is stored."""
    room = reading_room_of(request)
    of_open_read(room, study, request)
    sent = await sent_drawing(request, {"base", "slices"})
    return await run_in_threadpool(_drawn, room, study, sent)


def _drawn(room: ReadingRoom, study: str, sent: Mapping[str, Any]) -> Response:
    from gluteal_grade.review.drawing import present_labels

    stack = stack_of(room, study)
    count, rows, columns = stack.grey.shape
    drawn: dict[int, Picture] = {}
    if sent["slices"]:
        drawn = decoded_slices(sent["slices"], count, (rows, columns), WHOLE_VALUES.values())
    correction = known_correction(room, sent["base"])
    if correction is None:
        labels = TO_WHOLE[stack.labels]
    else:
        present = present_labels(room.out, study, correction)
        labels = np.stack([present.picture(n) for n in range(count)])
    for index, picture in drawn.items():
        labels[index] = picture
    return _answer(room, study, labels)


def _answer(room: ReadingRoom, study: str, labels: np.ndarray) -> Response:
    from gluteal_grade.review.surfaces import surface_bytes

    stack = stack_of(room, study)
    return Response(surface_bytes(labels, stack.grid, stack.view), media_type="application/octet-stream")
