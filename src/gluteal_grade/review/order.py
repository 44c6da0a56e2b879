"""In which order a reader sees the studies, and which of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gluteal_grade.review.catalogue import Listed
from gluteal_grade.review.model import Session
from gluteal_grade.review.store import Progress


@dataclass(frozen=True)
class Filters:
    """What to leave in the list; all that are set must hold.

    Attributes:
        needs_review: of the program's findings; ignored in a blinded read, where it would tell them.
        unread: not finished by this reader.
        finished: finished by this reader.
        refused: refused studies only.
        metal: with metal in a hip.
        text: part of the study's hash or of the patient's pseudonym.
    """

    needs_review: bool = False
    unread: bool = False
    finished: bool = False
    refused: bool = False
    metal: bool = False
    text: str = ""


def ordered(listed: Sequence[Listed], session: Session) -> tuple[Listed, ...]:
    """All studies: needs review first, then partly graded, the rest, refused ones last; blinded: shuffled, the refused ones left out."""
    raise NotImplementedError


def filtered(order: Sequence[Listed], session: Session, progress: Mapping[str, Progress], filters: Filters) -> tuple[Listed, ...]:
    """Those that pass, in the same order."""
    raise NotImplementedError


def next_study(order: Sequence[Listed], study: str, progress: Mapping[str, Progress] | None = None) -> Listed | None:
    """The one after; with progress the next that is not finished, from the top again at the end. None where there is none."""
    raise NotImplementedError


def previous_study(order: Sequence[Listed], study: str) -> Listed | None:
    """The one before; None for the first."""
    raise NotImplementedError
