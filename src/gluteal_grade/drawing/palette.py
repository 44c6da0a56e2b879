"""Paper, ink and colours.

Each colour has a marker and a line that say the same, so that print in grey tells them apart (after Okabe & Ito 2008, darkened where white
needs it). Contours on grey images have colours of their own (`vocabulary.COLOURS`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gluteal_grade.vocabulary import Muscle, Side

ThemeName = Literal["print", "dark"]


@dataclass(frozen=True)
class Theme:
    """Colours of everything but the images; text has a contrast of at least 4.5 to what lies behind it (WCAG 2.2, 1.4.3).

    Attributes:
        paper: behind everything; text on it in `ink` and `faint`.
        rule: thin lines of a table.
        alert: behind `alert_ink`: what must not be overlooked.
        caution: behind `caution_ink`: measured, with limits.
        calm: behind `calm_ink`: nothing to say.
    """

    paper: str
    ink: str
    faint: str
    rule: str
    alert: str
    alert_ink: str
    caution: str
    caution_ink: str
    calm: str
    calm_ink: str


PRINT = Theme("#ffffff", "#1a1a1a", "#5a5a5a", "#c8c8c8", "#b3261e", "#ffffff", "#ffd166", "#1a1a1a", "#e4e9ee", "#1a1a1a")
# bluish and lighter than an image without signal: no grey of a picture looks like it, so every picture has an edge
DARK = Theme("#171c26", "#e8e8e8", "#a9afb7", "#4a4f57", "#ff8a7a", "#1a1a1a", "#ffd166", "#1a1a1a", "#343a42", "#e8e8e8")
THEMES: dict[ThemeName, Theme] = {"print": PRINT, "dark": DARK}
INK, FAINT, RULE, PAPER = PRINT.ink, PRINT.faint, PRINT.rule, PRINT.paper
BLUE, VERMILION, BROWN, GREEN = "#0072B2", "#D55E00", "#B35900", "#007A5A"


@dataclass(frozen=True)
class Mark:
    """How one series looks: matplotlib's colour, marker and line."""

    colour: str
    marker: str = "o"
    line: str = "-"


MUSCLES: dict[Muscle, Mark] = {muscle: Mark(*muscle.facts.plot) for muscle in Muscle}
NO_MUSCLE = Mark("#333333", "o")
SIDES: dict[Side, Mark] = {Side.RIGHT: Mark(BLUE, "o", "-"), Side.LEFT: Mark(VERMILION, "s", "--")}
