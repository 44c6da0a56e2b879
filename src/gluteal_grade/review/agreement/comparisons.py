"""Who is compared with whom, and over which muscles and sides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from gluteal_grade.review.agreement.ratings import Rater, ScaleRatings
from gluteal_grade.review.model import PROGRAM
from gluteal_grade.vocabulary import Muscle, Side

ALL = "all"


class Who(StrEnum):
    """Kind of a comparison."""

    READERS = "readers"  # two readers
    EVERYONE = "everyone"  # all readers, the program not
    PROGRAM = "program"  # a reader and the program
    REPEAT = "repeat"  # a reader's read and the next


@dataclass(frozen=True)
class Comparison:
    """One comparison.

    Attributes:
        name: e.g. `A vs B`; differences are the first less the second.
        who: kind.
        columns: of `ScaleRatings.values`; two, or more for everyone.
    """

    name: str
    who: Who
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Units that are counted together: all, those of a muscle or those of a side."""

    muscle: str
    side: str
    rows: npt.NDArray[np.bool_]


def comparisons(raters: tuple[Rater, ...]) -> list[Comparison]:
    """All pairs of readers on their first read, each with the program, consecutive reads of each, everyone at once.

    A reader's first read is the lowest number that stands in the table.
    """
    reads: dict[str, list[int]] = {}
    for column, rater in enumerate(raters):  # sorted: reads rise
        reads.setdefault(rater.reader, []).append(column)
    first = {reader: columns[0] for reader, columns in reads.items()}
    readers = [r for r in first if r != PROGRAM]
    found = [Comparison(f"{a} vs {b}", Who.READERS, (first[a], first[b])) for a, b in combinations(readers, 2)]
    if len(readers) > 1:
        found.append(Comparison("all readers", Who.EVERYONE, tuple(first[r] for r in readers)))
    if PROGRAM in first:
        found += [Comparison(f"{r} vs {PROGRAM}", Who.PROGRAM, (first[r], first[PROGRAM])) for r in readers]
    for reader, columns in reads.items():
        for a, b in pairwise(columns):
            found.append(Comparison(f"{reader} read {raters[a].read} vs {raters[b].read}", Who.REPEAT, (a, b)))
    return found


def groups(ratings: ScaleRatings) -> list[Group]:
    """All units; then each muscle and each side that occurs."""
    everything = np.ones(len(ratings.study), bool)
    found = [Group(ALL, ALL, everything)]
    found += [Group(m.value, ALL, rows) for m in Muscle if (rows := ratings.muscle == m.value).any()]
    found += [Group(ALL, s.value, rows) for s in Side if (rows := ratings.side == s.value).any()]
    return found
