"""Ratings in memory: for every scale a table of what was rated against who rated it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from gluteal_grade.review.agreement.scales import Scale
from gluteal_grade.statistics import Floats, Ints


@dataclass(frozen=True, order=True)
class Rater:
    """One read of one reader."""

    reader: str
    read: int


@dataclass(frozen=True)
class ScaleRatings:
    """All ratings on one scale.

    Attributes:
        scale: see `Scale`.
        raters: columns of `values`, sorted.
        study: (units,) number of the study of each unit; a unit is a study, or a side or a muscle of one.
        muscle: (units,) its name, or empty.
        side: (units,) right, left or empty.
        values: (units, raters) places among `scale.categories`, or fractions; NaN where missing.
    """

    scale: Scale
    raters: tuple[Rater, ...]
    study: Ints
    muscle: npt.NDArray[Any]
    side: npt.NDArray[Any]
    values: Floats


@dataclass(frozen=True)
class Ratings:
    """What a file held.

    Attributes:
        scales: in the order of `known()`, then by name.
        studies: how many.
        rows: lines below the header that hold anything.
        empty: of these, without a grade.
        not_assessable: of these, called so.
        repeated: of these, said before with the same grade; they count once.
        names: of the studies, by their numbers; no output of `agreement` holds them.
    """

    scales: tuple[ScaleRatings, ...]
    studies: int
    rows: int
    empty: int
    not_assessable: int
    repeated: int
    names: tuple[str, ...] = ()

    @property
    def readers(self) -> tuple[str, ...]:
        """All, the program too where it is there."""
        return tuple(sorted({r.reader for s in self.scales for r in s.raters}))
