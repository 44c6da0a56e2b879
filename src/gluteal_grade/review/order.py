"""In which order a reader sees the studies, and which of them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gluteal_grade.result import StudyStatus
from gluteal_grade.review.listed import Listed
from gluteal_grade.review.model import Session
from gluteal_grade.review.store import Progress

_NOTHING = Progress()


class Order(StrEnum):
    """What comes first; ignored in a blinded read, which has an order of its own."""

    NEED = "need"  # what needs review
    TRUST = "trust"  # the study with the least trusted outline


@dataclass(frozen=True)
class Filters:
    """What to leave in the list; all that are set must hold.

    Attributes:
        needs_review: of the program's findings; ignored in a blinded read, where it would tell them.
        unread: not finished by this reader.
        finished: finished by this reader.
        refused: refused studies only; there are none in a blinded read.
        metal: with metal in a hip.
        text: part of the study's hash or of the patient's pseudonym.
    """

    needs_review: bool = False
    unread: bool = False
    finished: bool = False
    refused: bool = False
    metal: bool = False
    text: str = ""


def ordered(listed: Sequence[Listed], session: Session, order: Order = Order.NEED) -> tuple[Listed, ...]:
    """All studies in this reader's order, which stays the same among them when others come or go.

    Needs review first, then partly graded, the rest, refused ones last, each by hash. By trust: the least trusted outline first; those
    that have no trust (given labels, refused) last, in the order before. Blinded: in an order of this reader's and this
    read's own, and without the refused ones, on which the program drew nothing.
    """
    if session.blinded:
        return tuple(sorted((one for one in listed if not _refused(one)), key=lambda one: _lot(one.study, session)))
    by_need = sorted(listed, key=lambda one: (_rank(one), one.study))
    if order is Order.TRUST:
        return tuple(sorted(by_need, key=lambda one: math.inf if math.isnan(one.least_trust) else one.least_trust))
    return tuple(by_need)


def filtered(order: Sequence[Listed], session: Session, progress: Mapping[str, Progress], filters: Filters) -> tuple[Listed, ...]:
    """Those that pass, in the same order."""
    text = filters.text.strip().lower()

    def passes(one: Listed) -> bool:
        finished = progress.get(one.study, _NOTHING).finished
        return (
            (not filters.needs_review or session.blinded or one.needs_review)
            and (not filters.unread or not finished)
            and (not filters.finished or finished)
            and (not filters.refused or _refused(one))
            and (not filters.metal or bool(one.metal))
            and (not text or text in one.study or text in one.patient.lower())
        )

    return tuple(one for one in order if passes(one))


def next_study(order: Sequence[Listed], study: str, progress: Mapping[str, Progress] | None = None) -> Listed | None:
    """The one after; with progress the next that is not finished, from the top again at the end. None where there is none.

    Of a study that is not in the order, the next is the first.
    """
    at = _index(order, study)
    if progress is None:
        return order[at + 1] if at + 1 < len(order) else None
    around = (*order[at + 1 :], *order[: max(at, 0)])
    return next((one for one in around if not progress.get(one.study, _NOTHING).finished), None)


def previous_study(order: Sequence[Listed], study: str) -> Listed | None:
    """The one before; None for the first, and for one that is not in the order."""
    at = _index(order, study)
    return order[at - 1] if at > 0 else None


def _index(order: Sequence[Listed], study: str) -> int:
    return next((n for n, one in enumerate(order) if one.study == study), -1)


def _refused(one: Listed) -> bool:
    return one.status == StudyStatus.REFUSED


def _rank(one: Listed) -> int:
    if _refused(one):
        return 3
    return 0 if one.needs_review else 1 if one.status == StudyStatus.PARTLY_GRADED else 2


def _lot(study: str, session: Session) -> str:
    return hashlib.sha256(f"{session.reader}\0{session.read}\0{study}".encode()).hexdigest()
