"""`ratings.csv`: every rating of every reader and of the program, a line each; the input of `gluteal-grade agreement`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gluteal_grade.result import MuscleResult, StudyResult
from gluteal_grade.review.model import PROGRAM, Item, Key
from gluteal_grade.review.reads import Read
from gluteal_grade.vocabulary import Region

COLUMNS = ("reader", "read", "study", "muscle", "side", "scale", "grade")
FAT_FRACTIONS = ("fat_fraction", "fat_fraction_core")  # mean over the label; of the muscle itself: each is compared with its like
Row = dict[str, object]


@dataclass(frozen=True)
class Measured:
    """What the tables need of a result.

    Attributes:
        status: of the study; empty without a result.
        muscles: whole ones, without their profiles, by muscle and side.
    """

    status: str = ""
    muscles: Mapping[tuple[str, str], MuscleResult] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """Where measurements come from; nothing is in them where there is no result (any more).

    Attributes:
        program: the program's of a study.
        corrected: those on a correction, by its id.
    """

    program: Callable[[str], Measured]
    corrected: Callable[[str], Measured]


def rating_rows(reads: Iterable[Read], results: Results) -> Iterator[Row]:
    """The rows, by study: each reader's, then the program's on the studies that somebody read."""
    last = ""
    for read in (*reads, None):
        if last and (read is None or read.study != last):
            yield from _of_program(last, results.program(last))
        if read is not None:
            last = read.study
            yield from _of_read(read, results)


def measured_of(result: StudyResult) -> Measured:
    """The little of a result that is kept while tables are made of thousands."""
    whole = (m for m in result.muscles if m.region is Region.WHOLE)
    return Measured(result.status.value, {(m.muscle.value, m.side.value): m.model_copy(update={"profile": ()}) for m in whole})


def number(value: float) -> str:
    """At most six decimals; empty for NaN."""
    return "" if math.isnan(value) else f"{value:.6f}".rstrip("0").rstrip(".")


def _of_read(read: Read, results: Results) -> Iterator[Row]:
    def row(muscle: str, side: str, scale: str, grade: str) -> Row:
        return dict(zip(COLUMNS, (read.reader, read.read, read.study, muscle, side, scale, grade), strict=True))

    for key, stored in sorted(read.findings().items(), key=lambda found: _place(found[0])):
        scale = {Item.GRADE: key.part, Item.TENDON: f"tendon_{key.part}"}.get(key.item, key.item.value)
        yield row(key.muscle, key.side, scale, stored.decision.value)
    if correction := read.value(Item.LABELS):
        for (muscle, side), m in results.corrected(correction).muscles.items():
            for name, value in _fat(m):
                yield row(muscle, side, name, value)


def _place(key: Key) -> tuple[str, str, str, str]:
    return key.item, key.part, key.muscle, key.side


def _of_program(study: str, measured: Measured) -> Iterator[Row]:
    for (muscle, side), m in measured.muscles.items():
        told: list[tuple[str, str]] = [(g.scale, str(g.grade)) for g in m.grades if g.grade is not None]
        told += _fat(m)
        for scale, grade in told:
            yield dict(zip(COLUMNS, (PROGRAM, 1, study, muscle, side, scale, grade), strict=True))


def _fat(m: MuscleResult) -> list[tuple[str, str]]:
    """Both fat fractions, as far as there are any."""
    return [(name, number(value)) for name in FAT_FRACTIONS if not math.isnan(value := getattr(m, name))]
