"""How pictures look and whom they name."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from gluteal_grade.config import ReportSettings
from gluteal_grade.drawing import THEMES, Theme, ThemeName
from gluteal_grade.io import Study, identity_of

LONGEST = 64  # characters of a line, as DICOM's LO
MOST_LINES = 6


@dataclass(frozen=True)
class Look:
    """Options of the pictures.

    Attributes:
        theme: `print`: white paper; `dark`: for reading rooms.
        identity: lines that say whose pictures they are (name, ID, date), in the header of every page; none: de-identified.
        pictures: `all`; `summary`: one page; `none`.
    """

    theme: ThemeName = "print"
    identity: tuple[str, ...] = ()
    pictures: Literal["all", "summary", "none"] = "all"

    @property
    def colours(self) -> Theme:
        """The theme's colours."""
        return THEMES[self.theme]

    @property
    def lines(self) -> tuple[str, ...]:
        """The identity as it can be drawn: at most six lines of 64 characters that have a shape."""
        cleaned = (" ".join("".join(_drawable(c) for c in line).split())[:LONGEST] for line in self.identity)
        return tuple(line for line in cleaned if line)[:MOST_LINES]


def look_of(settings: ReportSettings, study: Study, *, deidentify: bool = False) -> Look:
    """How the pictures of a study look: its patient is named where the settings ask for it and nothing is to be de-identified."""
    return Look(settings.theme, identity_of(study) if settings.identified and not deidentify else (), settings.pictures)


def _drawable(character: str) -> str:
    """What steers or marks other characters, or is none, cannot be drawn by itself."""
    kind = unicodedata.category(character)
    if kind.startswith("Z") or kind in ("Cc", "Cf"):
        return " "
    return "\N{REPLACEMENT CHARACTER}" if kind in ("Cs", "Co", "Cn") else character
