"""Water and fat of one acquisition that were sent under two StudyInstanceUIDs (Siemens XA exports): read as one study, and said so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from gluteal_grade.errors import Note, Reason
from gluteal_grade.io.files import FileRef
from gluteal_grade.io.pairing import pairs
from gluteal_grade.io.study import Series, Study, study_id
from gluteal_grade.vocabulary import SeriesKind

_HALVES = (
    (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT),
    (SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE),
)


def joined_studies(studies: Sequence[Study], content: Callable[[tuple[FileRef, ...]], Callable[[], str]]) -> list[Study]:
    """Studies of which one holds one half of a pair and one other holds its partner, joined.

    Joined are two at a time, and only where patient ID, day, frame of reference and acquisition time are told by both and agree, and
    nothing else that an acquisition shares differs (`io.pairing`). Everything else stays as it is.

    Args:
        studies: of DICOM files, in their order.
        content: makes the hash of the content of files.
    """
    other_half: dict[int, set[int]] = defaultdict(set)
    for i, one in enumerate(studies):
        for j, other in enumerate(studies):
            if i != j and _belong(one, other):
                other_half[i].add(j)
                other_half[j].add(i)
    joined, taken = [], set()
    for i, one in enumerate(studies):
        partner = next(iter(other_half[i]), i) if len(other_half[i]) == 1 else i
        if i in taken:
            continue
        if partner == i or other_half[partner] != {i}:
            joined.append(one)
        else:
            taken.add(partner)
            joined.append(_joined(one, studies[partner], content))
    return joined


def _belong(one: Study, other: Study) -> bool:
    """One holds the first half of a pair without the second, the other the reverse, and they are of one acquisition."""
    same_person = one.person.id is not None and one.person.id == other.person.id
    if not same_person or one.person.study_date != other.person.study_date or one.sex != other.sex:
        return False
    for first, second in _HALVES:
        mine, theirs = one.find(first), other.find(second)
        if mine and theirs and not one.find(second) and not other.find(first):
            return all(pair.second is not None and _told(pair.first, pair.second) for pair in pairs(mine, theirs))
    return False


def _told(a: Series, b: Series) -> bool:
    return None not in (a.frame_of_reference, b.frame_of_reference, a.origin.time_s, b.origin.time_s)


def _joined(one: Study, other: Study, content: Callable[[tuple[FileRef, ...]], Callable[[], str]]) -> Study:
    taken = {s.id for s in one.series}
    series = sorted((*one.series, *(_renamed(s, taken) for s in other.series)), key=lambda s: (s.number is None, s.number or 0))
    files = (*one.files, *other.files)
    refs = tuple(file for file in files if isinstance(file, FileRef))
    note = Note(Reason.STUDIES_JOINED, f"{one.id} and {other.id}: one holds the partner of an image of the other")
    return replace(
        one,
        id=study_id((one.id, other.id)),
        series=tuple(series),
        notes=(note, *one.notes, *other.notes),
        implant=one.implant if one.implant.named else other.implant,
        content=content(refs),
        files=files,
    )


def _renamed(series: Series, taken: set[str]) -> Series:
    """Under an id that the other study has not got."""
    name, dot, rest = series.id.partition(".")
    while f"{name}{dot}{rest}" in taken:
        name += "+"
    return replace(series, id=f"{name}{dot}{rest}")
