"""The page of one study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report import ZONE_COLOUR, leaves_out, legend_entries, method_text, notes
from gluteal_grade.result import scales_of
from gluteal_grade.review.catalogue import Listed
from gluteal_grade.review.model import Key
from gluteal_grade.review.order import next_study, previous_study
from gluteal_grade.review.store import Stored
from gluteal_grade.review.web.files import links, overlays
from gluteal_grade.review.web.form import BURSA_CHOICES, QUALITY_CHOICES, TENDON_CHOICES, TENDON_NAMES, muscle_rows
from gluteal_grade.review.web.keys import scale_letters, study_keys
from gluteal_grade.review.web.listing import order_of, order_query
from gluteal_grade.review.web.pages import page, reading_room_of, seat_of
from gluteal_grade.review.web.reading_room import ReadingRoom
from gluteal_grade.vocabulary import Scale, StudyFile

router = APIRouter()


@router.get("/studies/{study}")
def study_page(study: str, request: Request) -> Response:
    """The page of one study, with viewer and form."""
    room, session = reading_room_of(request), seat_of(request).session
    listed = room.catalogue.find(study)
    if listed is None or (session.blinded and listed.status == "refused"):
        raise RefusedInput(Reason.STUDY_NOT_FOUND)
    result = room.catalogue.load(study)
    by = order_of(request.query_params, session)
    order = room.order(session, by)
    before = previous_study(order, study)
    after = next_study(order, study, room.store.progress(session))
    names = listed.place.names(room.out)
    scrolls = StudyFile.IMAGE in names and StudyFile.LABELS in names and result.slice_axis is not None
    current = room.store.current(session, study)
    return page(
        "study.html.j2",
        request,
        status=200,
        study=study,
        result=result,
        listed=listed,
        refused=listed.status == "refused",
        place=1 + next((n for n, s in enumerate(order) if s.study == study), 0),
        total=len(order),
        query=order_query(by),
        before=before.study if before else "",
        after=after.study if after and after.study != study else "",
        rows=muscle_rows(result, session),
        tendons=TENDON_NAMES,
        tendon_choices=TENDON_CHOICES,
        bursa_choices=BURSA_CHOICES,
        qualities=QUALITY_CHOICES,
        scrolls=scrolls,
        overlays=[] if session.blinded or scrolls else overlays(names),
        links=links(session, listed, names),
        cautions=() if session.blinded else _cautions(listed, notes(result)),
        method="" if session.blinded else method_text(result),
        legend=legend_entries(result),
        leaves_out=leaves_out(result),
        zone_colour=ZONE_COLOUR,
        settings=_settings(room, listed, current, scales_of(result)),
        keys=study_keys(session, scales_of(result)),
        max_upload=room.max_upload,
    )


def _cautions(listed: Listed, found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*listed.reasons, *found)))


def _settings(room: ReadingRoom, listed: Listed, current: dict[Key, Stored], scales: Sequence[Scale]) -> dict[str, Any]:
    """What the page's script needs: what holds now, and of which result."""
    values = {"|".join((k.item, k.muscle, k.side, k.part)): stored.decision.value for k, stored in current.items()}
    letters = [{"key": key, "letter": letter} for key, letter in scale_letters(scales).items()]
    return {
        "study": listed.study,
        "result_hash": listed.result_hash,
        "values": values,
        "scales": letters,
        "max_upload": room.max_upload,
    }
