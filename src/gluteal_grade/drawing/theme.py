"""Paper and ink of the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
