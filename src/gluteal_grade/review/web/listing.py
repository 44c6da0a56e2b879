"""The worklist."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from gluteal_grade.review.catalogue import Listed
from gluteal_grade.review.model import Session
from gluteal_grade.review.order import Filters, Order, filtered
from gluteal_grade.review.store import Progress
from gluteal_grade.review.web.keys import list_keys
from gluteal_grade.review.web.pages import page, reading_room_of, seat_of
from gluteal_grade.vocabulary import GLUTEI, Side, short_methods

PAGE_ROWS = 100
_LONGEST_TEXT = 100
_MUSCLES = len(GLUTEI) * len(Side)

router = APIRouter()

# words of the switches; those that tell what the program found are not offered in a blinded read
_SWITCHES = {"needs_review": "needs review", "unread": "not finished", "finished": "finished", "refused": "refused", "metal": "metal"}
_BLINDED = ("unread", "finished")


@dataclass(frozen=True)
class Row:
    """One line of the list, in words; what a blinded reader may not see is empty."""

    study: str
    patient: str
    state: str
    state_class: str
    finding: str
    finding_class: str
    reasons: str
    worst: str
    fat: str
    method: str
    trust: str = ""


@router.get("/")
def worklist(request: Request) -> Response:
    """Studies, a hundred a page."""
    room, session = reading_room_of(request), seat_of(request).session
    filters = filters_of(request.query_params, session)
    progress = room.store.progress(session)
    by = order_of(request.query_params, session)
    order = room.order(session, by)
    chosen = filtered(order, session, progress, filters)
    pages = max(1, math.ceil(len(chosen) / PAGE_ROWS))
    number = min(_number(request.query_params.get("page", "")), pages)
    shown = chosen[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    finished = sum(1 for s in order if (p := progress.get(s.study)) is not None and p.finished)
    return page(
        "worklist.html.j2",
        request,
        rows=[row(s, progress.get(s.study), session) for s in shown],
        total=len(order),
        chosen=len(chosen),
        finished=finished,
        first=(number - 1) * PAGE_ROWS + 1,
        number=number,
        pages=pages,
        earlier=address(filters, number - 1, by) if number > 1 else "",
        later=address(filters, number + 1, by) if number < pages else "",
        switches=[(name, _SWITCHES[name], getattr(filters, name)) for name in (_BLINDED if session.blinded else _SWITCHES)],
        text=filters.text,
        by_trust=by is Order.TRUST,
        query=order_query(by),
        scale=_scale(order),
        keys={"Worklist": list_keys(session)},
    )


def filters_of(query: Mapping[str, str], session: Session) -> Filters:
    """The filters in an address; unknown ones are ignored."""
    on = {name for name in _SWITCHES if query.get(name) == "1" and (not session.blinded or name in _BLINDED)}
    return Filters(
        needs_review="needs_review" in on,
        unread="unread" in on,
        finished="finished" in on,
        refused="refused" in on,
        metal="metal" in on,
        text=query.get("text", "").strip()[:_LONGEST_TEXT],
    )


def order_of(query: Mapping[str, str], session: Session) -> Order:
    """The order in an address; an unknown one is ignored, any in a blinded read: it would tell what the program found."""
    return Order.TRUST if query.get("order") == Order.TRUST and not session.blinded else Order.NEED


def order_query(order: Order) -> str:
    """What an address ends in to keep the order; empty for the usual one."""
    return "" if order is Order.NEED else "?" + urlencode({"order": order.value})


def address(filters: Filters, number: int, order: Order = Order.NEED) -> str:
    """The list with these filters, at a page."""
    on: dict[str, Any] = {name: 1 for name in _SWITCHES if getattr(filters, name)}
    text = {"text": filters.text} if filters.text else {}
    kept = {} if order is Order.NEED else {"order": order.value}
    return "/?" + urlencode({**on, **text, **kept, "page": number})


def row(listed: Listed, progress: Progress | None, session: Session) -> Row:
    """What the list shows of one study."""
    state, state_class = _state(progress)
    if session.blinded:
        return Row(listed.study, listed.patient, state, state_class, "", "", "", "", "", "")
    finding, finding_class = _finding(listed)
    reasons = [*listed.reasons]
    if listed.metal:
        reasons.append(f"metal {' and '.join(listed.metal)}")
    worst = f"{listed.worst_grade} · {listed.worst_muscle}" if listed.worst_grade is not None else "–"
    fat = "–" if math.isnan(listed.max_fat_fraction) else f"{100 * listed.max_fat_fraction:.0f} %"
    trust = "–" if math.isnan(listed.least_trust) else f"{listed.least_trust:.2f} · {listed.least_trusted}"
    told = "; ".join(dict.fromkeys(reasons))
    return Row(
        listed.study, listed.patient, state, state_class, finding, finding_class, told, worst, fat, short_methods(listed.method), trust
    )


def _scale(listed: Sequence[Listed]) -> str:
    """The primary scale of them all; the word where they were graded on several."""
    titles = {one.scale for one in listed}
    return titles.pop() if len(titles) == 1 else "grade"


def _state(progress: Progress | None) -> tuple[str, str]:
    if progress is None:
        return "unread", "unread"
    if progress.finished:
        return "finished", "finished"
    return (f"started, {progress.graded} of {_MUSCLES}" if progress.graded else "started"), "started"


def _finding(listed: Listed) -> tuple[str, str]:
    if listed.status == "refused":
        return "refused", "refused"
    if listed.needs_review:
        return "needs review", "needs_review"
    return listed.status.replace("_", " "), listed.status


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
