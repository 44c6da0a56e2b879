"""What a reader decides, item by item. Nothing is stored or shown here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.vocabulary import Muscle, Scale, Side

PROGRAM = "program"  # stands as a reader in exported ratings
LONGEST_NOTE = 4000

Grades = Mapping[str, tuple[str, ...]]  # by scale
_READER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STUDY = re.compile(r"[0-9a-f]{12}")


class Item(StrEnum):
    """What a decision is about."""

    GRADE = "grade"  # muscle, side, scale: a grade of that scale, or not_assessable
    QUALITY = "quality"  # muscle, side: how good the contours are
    TENDON = "tendon"  # side, part: minimus, medius_lateral, medius_posterior
    BURSA = "bursa"  # side: fluid in the trochanteric bursa
    NOTE = "note"  # the study: free text
    LABELS = "labels"  # the study: a corrected label map was given; the value is its id
    FINISHED = "finished"  # the study: yes, or no where it was opened again


NOT_ASSESSABLE = "not_assessable"
QUALITIES = ("good", "usable", "wrong")
TENDONS = ("minimus", "medius_lateral", "medius_posterior")
TENDON_STATES = ("intact", "defect", NOT_ASSESSABLE)
BURSA_STATES = ("none", "fluid", NOT_ASSESSABLE)


@dataclass(frozen=True)
class Key:
    """What a decision is about; of two decisions with one key by one reader in one read, the later holds.

    Attributes:
        item: see `Item`.
        muscle: of a grade or a quality; else empty.
        side: right or left; empty for the study.
        part: scale of a grade, tendon of a tendon; else empty.
    """

    item: Item
    muscle: str = ""
    side: str = ""
    part: str = ""


@dataclass(frozen=True)
class Decision:
    """One decision, as a page sends it.

    Attributes:
        id: UUID made where the decision was made; the same id is stored once, however often it is sent.
        study: hash.
        key: what about.
        value: e.g. a grade; an empty one takes the earlier decision back.
        program: what the program said of it, empty where it said nothing.
        seen: the reader could see what the program said.
    """

    id: str
    study: str
    key: Key
    value: str
    program: str = ""
    seen: bool = True

    @property
    def verdict(self) -> str:
        """accepted, overruled, or empty where the program said nothing or the reader could not see it."""
        if not (self.seen and self.program and self.value):
            return ""
        return "accepted" if self.value == self.program else "overruled"


@dataclass(frozen=True)
class Session:
    """Who reads, and how.

    Attributes:
        reader: an id, not a name.
        read: 1, or 2 and more where a study is read again.
        blinded: the program's grades and fat are hidden, the order is the reader's own.
    """

    reader: str
    read: int = 1
    blinded: bool = False


def checked_reader(reader: str) -> str:
    """The id of a reader.

    Raises:
        ValueError: it is not 1-40 letters, digits, dots, dashes or underscores, or it is `program`.
    """
    if not _READER.fullmatch(reader) or reader.lower() == PROGRAM:
        raise ValueError("1 to 40 letters, digits, dots, dashes or underscores, and not 'program'")
    return reader


def checked(decision: Decision, scales: Sequence[Scale]) -> Decision:
    """The decision, if it is one.

    Args:
        decision: as it was sent.
        scales: on which grades can be given.

    Raises:
        RefusedInput: `bad_decision`, naming what is wrong without repeating what was sent.
    """
    wrong = _wrong(decision, {scale.key: scale.grades for scale in scales})
    if wrong:
        raise RefusedInput(Reason.BAD_DECISION, wrong)
    return decision


def _wrong(d: Decision, grades: Grades) -> str:
    if not _ID.fullmatch(d.id) or not _STUDY.fullmatch(d.study):
        return "id of the decision or of the study"
    key = d.key
    if (key.muscle and key.muscle not in set(Muscle)) or (key.side and key.side not in set(Side)):
        return "muscle or side"
    if needed := _needs(key, grades):
        return needed
    if d.value and not _possible(key, d.value, grades):
        return f"value of {key.item}"
    return ""


def _needs(key: Key, grades: Grades) -> str:
    has = (bool(key.muscle), bool(key.side))
    wanted = {Item.GRADE: (True, True), Item.QUALITY: (True, True), Item.TENDON: (False, True), Item.BURSA: (False, True)}
    if has != wanted.get(key.item, (False, False)):
        return f"{key.item} of this muscle and side"
    parts = {Item.GRADE: tuple(grades), Item.TENDON: TENDONS}.get(key.item, ("",))
    return "" if key.part in parts else f"part of {key.item}"


def _possible(key: Key, value: str, grades: Grades) -> bool:
    match key.item:
        case Item.GRADE:
            return value in (*grades[key.part], NOT_ASSESSABLE)
        case Item.QUALITY:
            return value in QUALITIES
        case Item.TENDON:
            return value in TENDON_STATES
        case Item.BURSA:
            return value in BURSA_STATES
        case Item.NOTE:
            return len(value) <= LONGEST_NOTE
        case Item.LABELS:
            return bool(_ID.fullmatch(value))
        case Item.FINISHED:
            return value in ("yes", "no")
