"""Colours on white paper, each with a marker and line that say the same, so that print in grey tells them apart.

After Okabe & Ito 2008, darkened where white needs it. Contours on grey images have colours of their own (`vocabulary.COLOURS`).
"""

from __future__ import annotations

from dataclasses import dataclass

from gluteal_grade.drawing.theme import PRINT
from gluteal_grade.vocabulary import Muscle, Side

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
