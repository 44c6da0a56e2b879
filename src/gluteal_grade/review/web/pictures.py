"""Slices for the viewer."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report import FAT_COLOURS
from gluteal_grade.review.catalogue import Listed
from gluteal_grade.review.order import next_study
from gluteal_grade.review.slices import FAT_STEPS, Stack
from gluteal_grade.review.web.library import library
from gluteal_grade.review.web.pages import reading_room_of, seat_of
from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.review.web.stacks import Loader, study_stack
from gluteal_grade.vocabulary import LABEL_VALUES

router = APIRouter()


@router.get("/studies/{study}/stack")
def describe(study: str, request: Request) -> dict[str, Any]:
    """What the viewer must know first; meanwhile the next study is read."""
    room, session = reading_room_of(request), seat_of(request).session
    found = stack_of(room, study).describe()
    after = next_study(room.order(session), study)
    if after is not None:
        room.stacks.prefetch(after.result_hash, _loader(room, after))
    hidden = {"fat": False} if session.blinded else {"fat_colours": fat_colours()}
    return {**found, **hidden, "names": {value: str(part) for value, part in LABEL_VALUES.items()}, "solid": library() is not None}


@router.get("/studies/{study}/slices/{index}")
def one_slice(study: str, index: str, request: Request) -> Response:
    """One slice as bytes; a blinded reader is never sent the fat fraction."""
    stack = stack_of(reading_room_of(request), study)
    if not index.isascii() or not index.isdigit() or len(index) > 5 or int(index) >= stack.count:
        raise HTTPException(404)
    content = stack.slice_bytes(int(index), with_fat=not seat_of(request).session.blinded)
    return Response(content, media_type="application/octet-stream")


@cache
def fat_colours() -> list[list[int]]:
    """The colour map of the overlays, one colour a step of the fat fraction."""
    import matplotlib as mpl
    import numpy as np

    colours = mpl.colormaps[FAT_COLOURS](np.linspace(0, 1, FAT_STEPS + 1), bytes=True)[:, :3]
    return [[int(v) for v in colour] for colour in colours]


def stack_of(room: ReadingRoom, study: str) -> Stack:
    """The volumes of a study, from memory where they are there.

    Raises:
        RefusedInput: `study_not_found`, and as `study_stack`.
        TransientFailure: as `study_stack`.
    """
    listed = room.catalogue.find(study)
    if listed is None:
        raise RefusedInput(Reason.STUDY_NOT_FOUND)
    return room.stacks.get(listed.result_hash, _loader(room, listed))


def _loader(room: ReadingRoom, listed: Listed) -> Loader:
    return partial(_load, room, listed)


def _load(room: ReadingRoom, listed: Listed) -> Stack:
    return study_stack(room.out, listed.place, room.catalogue.load(listed.study))
