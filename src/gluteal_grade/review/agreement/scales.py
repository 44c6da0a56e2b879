"""Which scales there are, and what a grade on each may be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gluteal_grade.grading import known_scales
from gluteal_grade.review.model import BURSA_STATES, NOT_ASSESSABLE, QUALITIES, TENDON_STATES, TENDONS

FAT_FRACTION, FAT_FRACTION_CORE = "fat_fraction", "fat_fraction_core"
MOST_CATEGORIES = 21  # of a scale that is not known; more is a measurement, not a grade
_LONGEST_NAME = 40


class Kind(StrEnum):
    """What the grades of a scale allow."""

    ORDINAL = "ordinal"
    NOMINAL = "nominal"
    CONTINUOUS = "continuous"


@dataclass(frozen=True)
class Scale:
    """A scale.

    Attributes:
        name: as in the table.
        kind: see `Kind`.
        categories: all there are, lowest first, whether they occur or not; none on a continuous scale.
        note: what a reader of its statistics must know.
        called: its title, where that is not made of the name.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    note: str = ""
    called: str = ""

    @property
    def title(self) -> str:
        """For people."""
        return self.called or self.name.replace("_", " ").capitalize()


def _states(name: str, states: tuple[str, ...]) -> Scale:
    return Scale(name, Kind.NOMINAL, tuple(s for s in states if s != NOT_ASSESSABLE))


_OTHERS: dict[str, Scale] = {
    FAT_FRACTION: Scale(FAT_FRACTION, Kind.CONTINUOUS, note="mean over the outline", called="Fat fraction, mean of the outline"),
    FAT_FRACTION_CORE: Scale(FAT_FRACTION_CORE, Kind.CONTINUOUS, note="what is graded", called="Fat fraction of the muscle itself"),
    "quality": Scale("quality", Kind.ORDINAL, QUALITIES[::-1]),  # wrong, usable, good
    **{f"tendon_{part}": _states(f"tendon_{part}", TENDON_STATES) for part in TENDONS},
    "bursa": _states("bursa", BURSA_STATES),
}


def known() -> dict[str, Scale]:
    """Every scale of which it is told what its grades may be: those of configs/grading.yaml first."""
    return {scale.key: Scale(scale.key, Kind.ORDINAL, scale.grades, called=scale.title) for scale in known_scales()} | _OTHERS


def scale_name(text: str) -> str:
    """The name as it is compared: lower case, underscores.

    Raises:
        ValueError: empty or too long.
    """
    name = "_".join(text.lower().split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError(f"scale is empty or longer than {_LONGEST_NAME} characters")
    return name


def number(scale: str, grade: str) -> float:
    """A grade as a number: the place of its category on a known scale, the grade itself on an unknown one, the fraction.

    Raises:
        ValueError: no grade of this scale; says what would be one, not what was given.
    """
    told = known().get(scale)
    if told is None or told.categories[:1] == ("0",):
        value = _as_number(grade)
        if not value.is_integer() or (told is not None and not 0 <= value < len(told.categories)):
            allowed = f"a whole number from 0 to {len(told.categories) - 1}" if told else "a whole number, as the scale is not known"
            raise ValueError(f"grade is not {allowed}")
        return value
    if told.kind is Kind.CONTINUOUS:
        value = _as_number(grade)
        if 1 < value <= 100:
            raise ValueError("fat fraction above 1: was it given in percent? Give a fraction from 0 to 1")
        if not 0 <= value <= 1:
            raise ValueError("fat fraction is not from 0 to 1")
        return value
    try:
        return float(told.categories.index(grade.lower()))
    except ValueError:
        raise ValueError(f"grade is none of {', '.join(told.categories)}") from None


def _as_number(text: str) -> float:
    """NaN, which is in no range, where it is none."""
    try:
        value = float(text.replace(",", ".")) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def unknown_scale(name: str, seen: Iterable[float]) -> Scale:
    """A scale of whole numbers from the lowest to the highest that was seen.

    Raises:
        ValueError: more than `MOST_CATEGORIES`.
    """
    values = [int(v) for v in seen]
    low, high = min(values), max(values)
    if high - low >= MOST_CATEGORIES:
        raise ValueError(f"a scale that is not known spans more than {MOST_CATEGORIES} whole numbers")
    note = f"scale not known: taken as ordered grades from {low} to {high}, the lowest and highest seen"
    return Scale(name, Kind.ORDINAL, tuple(str(n) for n in range(low, high + 1)), note)
