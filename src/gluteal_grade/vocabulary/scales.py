"""What readers and tables know of a grading scale. Which scales there are stands in `configs/grading.yaml` (see `grading.known_scales`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_GRADES = 20  # of any scale: more is a measurement


@dataclass(frozen=True)
class Scale:
    """A grading scale: ordered grades from 0 upwards.

    Attributes:
        key: name in result.json; its column in tables, with `probability_column` beside it.
        title: for readers, e.g. ``Bal & Lowe``.
        highest: the last grade.
        primary: the one scale that stands where there is room for one.
        short: where a narrow column has no room for the title.
    """

    key: str
    title: str
    highest: int
    primary: bool = False
    short: str = ""

    @property
    def narrow(self) -> str:
        """The short title where there is one."""
        return self.short or self.title

    @property
    def plain_title(self) -> str:
        """The title without signs, for codes and dictionaries, e.g. ``Bal and Lowe``."""
        return self.title.replace("&", "and")

    @property
    def probability_column(self) -> str:
        """Column of the probability of the grade that is given."""
        return f"{self.key}{PROBABILITY}"

    @property
    def grades(self) -> tuple[str, ...]:
        """All grades as text, lowest first."""
        return tuple(str(grade) for grade in range(self.highest + 1))


PROBABILITY = "_probability"


def is_scale_key(text: str) -> bool:
    """Whether a text can be the key of a scale: small letters, digits, underscores."""
    return bool(_KEY.fullmatch(text))


def unknown_scale(key: str, highest: int) -> Scale:
    """A scale of which only the key is known: its title is made of it."""
    return Scale(key, key.replace("_", " ").capitalize(), min(highest, MOST_GRADES))


def primary_scale(scales: Sequence[Scale]) -> Scale:
    """The one that stands where there is room for one; the first where none says so."""
    return next((scale for scale in scales if scale.primary), scales[0])
