"""Which label maps readers vouch for: corrected by one of them, or called good by all who looked. Nothing else is learned from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gluteal_grade.cohort import LeftOut
from gluteal_grade.review.correction import Correction, CorrectionState
from gluteal_grade.review.listed import Listed
from gluteal_grade.review.model import Item
from gluteal_grade.review.reads import Read
from gluteal_grade.review.store import Stored
from gluteal_grade.vocabulary import GLUTEI, Muscle, Side

_GOOD = "good"


class Vouched(StrEnum):
    """Why a label map can be believed."""

    CORRECTED = "corrected"
    CONFIRMED = "confirmed"


@dataclass(frozen=True)
class Lesson:
    """One study to learn from.

    Attributes:
        listed: the study.
        vouched: why.
        by: the decision that says so, the last one where there are several.
        correction: that was measured; None where the program's own labels were confirmed.
    """

    listed: Listed
    vouched: Vouched
    by: Stored
    correction: Correction | None = None

    @property
    def subject(self) -> str:
        """12 hex digits of the patient, of the study where no patient is known."""
        return hashlib.sha256(f"subject {self.listed.patient or self.listed.study}".encode()).hexdigest()[:12]


def lessons_of(
    reads: Sequence[Read],
    listed: Mapping[str, Listed],
    corrections: Mapping[str, Correction],
    labelled: Mapping[str, frozenset[tuple[Muscle, Side]]],
) -> tuple[list[Lesson], list[LeftOut]]:
    """What every study that was read is good for, by hash.

    Of several corrections the last one holds, whoever made it. A confirmation needs the word good for every gluteus that is labelled, of
    the result that is there now, and no other word of anybody. Of a reader's reads the latest with a decision on the matter counts.

    Args:
        reads: of all readers.
        listed: studies that have a result.
        corrections: by id.
        labelled: by study, muscles of which the result has a label.
    """
    lessons, left_out = [], []
    by_study: dict[str, list[Read]] = {}
    for read in sorted(reads, key=lambda one: (one.study, one.reader, one.read)):
        by_study.setdefault(read.study, []).append(read)
    for study, some in by_study.items():
        one = listed.get(study)
        found = "it has no result any more" if one is None else _lesson(one, some, corrections, labelled.get(study, frozenset()))
        if isinstance(found, Lesson):
            lessons.append(found)
        elif found:
            left_out.append(LeftOut("study", None, found, study))
    return lessons, left_out


def _said(reads: Iterable[Read], item: Item) -> list[Stored]:
    """What holds of one matter; a later read of a reader replaces an earlier one."""
    found: dict[str, list[Stored]] = {}
    for read in reads:
        rows = [row for key, row in read.rows.items() if key.item is item and row.decision.value]
        if rows:
            found[read.reader] = rows
    return [row for rows in found.values() for row in rows]


def _lesson(
    one: Listed, reads: Sequence[Read], corrections: Mapping[str, Correction], labelled: frozenset[tuple[Muscle, Side]]
) -> Lesson | str:
    """The lesson, or why there is none; empty where nobody said anything of the labels."""
    if given := _said(reads, Item.LABELS):
        last = max(given, key=lambda row: row.seq)
        correction = corrections.get(last.decision.value)
        if correction is None or correction.state is not CorrectionState.DONE:
            return "the last correction was not measured"
        return Lesson(one, Vouched.CORRECTED, last, correction)
    words = [row for row in _said(reads, Item.QUALITY) if Muscle(row.decision.key.muscle) in GLUTEI]
    if not words:
        return ""
    if any(row.decision.value != _GOOD for row in words):
        return "a reader does not call every contour good, and nobody corrected it"
    good = {(Muscle(row.decision.key.muscle), Side(row.decision.key.side)) for row in words if row.result_hash == one.result_hash}
    if not labelled or not labelled <= good:
        again = any(row.result_hash != one.result_hash for row in words)
        return "it was graded again since its contours were called good" if again else "not every gluteus that is labelled was called good"
    return Lesson(one, Vouched.CONFIRMED, max(words, key=lambda row: row.seq))


def kept_back(subject: str, share: float) -> bool:
    """Whether a subject is kept back for measuring: by its hash alone, so that it stays so whoever comes after it."""
    return place(subject) < share


def place(subject: str) -> float:
    """Where a subject's hash lies between 0 and 1."""
    return int(hashlib.sha256(f"kept back {subject}".encode()).hexdigest()[:8], 16) / 2**32
