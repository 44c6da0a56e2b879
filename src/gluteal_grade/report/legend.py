"""The strip that says what contours, colours and stripes mean."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np

from gluteal_grade.report.page import INK, Area, Page
from gluteal_grade.report.panel import FAT_COLOURS, ZONE_COLOUR, hatch
from gluteal_grade.report.words import leaves_out, legend_entries
from gluteal_grade.results import StudyResult

LEGEND_HEIGHT = 46
_BAR = (330, 14)  # pixels of the colour bar
_TICKS = (0, 25, 50, 75, 100)
_SIZE = 12.5
_CHARACTER = 7.6  # average width at _SIZE


def draw_legend(page: Page, result: StudyResult, left: int, top: int, width: int) -> None:
    """Contour colours at the left, the fat-fraction scale and the hatch at the right."""
    area = page.at(left, top)
    x = 0.0
    for colour, name in legend_entries(result):
        area.swatch(x, 16, 26, colour)
        area.text(x + 34, 16, name, _SIZE)
        x += 34 + len(name) * _CHARACTER + 26
    if leaves_out(result):
        area.swatch(x, 16, 26, ZONE_COLOUR)
        area.text(x + 34, 16, "left out, not measured", _SIZE)
    _bar(area, width - _BAR[0] - 290)
    area.image(hatch(26, 14), width - 214, 9)
    area.text(width - 180, 16, "muscle without a fat value", _SIZE)


def _bar(area: Area, x: int) -> None:
    width, height = _BAR
    area.text(x - 12, 16, "Fat fraction", _SIZE, ha="right")
    colours = mpl.colormaps[FAT_COLOURS](np.linspace(0, 1, width), bytes=True)[None, :, :3]
    area.image(np.repeat(colours, height, axis=0), x, 9)
    for tick in _TICKS:
        at = x + width * tick / 100
        area.lines([[(at, 9 + height), (at, 13 + height)]], INK, 1)
        area.text(at, 21 + height, f"{tick} %", 12, ha="center")
