"""The strip that says what contours, colours and stripes mean."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import numpy as np

from gluteal_grade.drawing import Area, Page
from gluteal_grade.report.panel import BORDER_DASHES, FAT_COLOURS, ZONE_COLOUR, hatch
from gluteal_grade.report.readings import primary_edges
from gluteal_grade.report.words import leaves_out, legend_entries
from gluteal_grade.result import MuscleStatus, StudyResult, primary_of
from gluteal_grade.vocabulary import COLOURS, Muscle, Region

LEGEND_HEIGHT = 48
_BAR = (380, 16)  # pixels of the colour bar
_MIDDLE = 17
_PLAIN_TICKS = (0.25, 0.50, 0.75)  # where the grades' own edges are not known
_SIZE = 12.5
_CHARACTER = 7.4  # average width at _SIZE


def draw_legend(page: Page, result: StudyResult, left: int, top: int, width: int) -> None:
    """Contour colours at the left, the fat-fraction scale and the hatch at the right."""
    area = page.at(left, top)
    x = 0.0
    for colour, name in legend_entries(result):
        area.swatch(x, _MIDDLE, 24, colour)
        x = _word(area, x + 31, name.replace("Gluteus ", "").capitalize())
    if _divided(result):
        colour = COLOURS[Muscle.GLUTEUS_MEDIUS, Region.WHOLE]
        area.lines([[(x, _MIDDLE), (x + 24, _MIDDLE)]], "black", 4)
        area.lines([[(x + 1, _MIDDLE), (x + 24, _MIDDLE)]], colour, 1.5, zorder=4, dashes=BORDER_DASHES)
        x = _word(area, x + 31, "region border")
    if leaves_out(result):
        area.swatch(x, _MIDDLE, 24, ZONE_COLOUR)
        x = _word(area, x + 31, "left out, not measured")
    area.image(hatch(24, 14), round(x), _MIDDLE - 7)
    _word(area, x + 31, "no fat value")
    _bar(area, width - _BAR[0] - 16, primary_edges(result), primary_of(result).title)


def _word(area: Area, x: float, text: str) -> float:
    """Draws it and says where the next thing may stand."""
    area.text(x, _MIDDLE, text, _SIZE)
    return x + len(text) * _CHARACTER + 18


def _divided(result: StudyResult) -> bool:
    """Whether a muscle of one colour has regions."""
    return any(
        m.region is not Region.WHOLE and (m.muscle, m.region) not in COLOURS and m.status is not MuscleStatus.MISSING
        for m in result.muscles
    )


def _bar(area: Area, x: int, edges: tuple[float, ...], title: str) -> None:
    """The scale with a line at each edge of the primary scale and the grades between them."""
    width, height = _BAR
    ink, top = area.page.theme.ink, _MIDDLE - height // 2
    area.text(x - 12, _MIDDLE, f"{title} grade" if edges else "", _SIZE, ha="right")
    area.text(x - 12, _MIDDLE + 21, "Fat fraction, %", _SIZE, ha="right")
    colours = mpl.colormaps[FAT_COLOURS](np.linspace(0, 1, width), bytes=True)[None, :, :3]
    area.image(np.repeat(colours, height, axis=0), x, top)
    ticks = (0.0, *(edges or _PLAIN_TICKS), 1.0)
    for tick in ticks:
        at = x + width * tick
        area.lines([[(at, top + (0 if edges and 0 < tick < 1 else height)), (at, top + height + 4)]], ink, 1, zorder=5)
        area.text(at, top + height + 12, f"{100 * tick:.4g}", 12, ha="center")
    for grade, (low, high) in enumerate(pairwise(ticks) if edges else ()):
        area.text(x + width * (low + high) / 2, _MIDDLE, str(grade), 11.5, ha="center", color="white", weight="bold", rim=True)
