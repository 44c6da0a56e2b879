"""The strip that says what contours, colours and stripes mean."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np

from gluteal_grade.report.page import INK, Page, points, text
from gluteal_grade.report.panel import FAT_COLOURS, hatch
from gluteal_grade.report.words import legend_entries
from gluteal_grade.results import StudyResult

LEGEND_HEIGHT = 46
_BAR = (330, 14)  # pixels of the colour bar
_TICKS = (0, 25, 50, 75, 100)
_SIZE = 12.5
_CHARACTER = 7.6  # average width at _SIZE


def draw_legend(page: Page, result: StudyResult, left: int, top: int, width: int) -> None:
    """Contour colours at the left, the fat-fraction scale and the hatch at the right."""
    axes = page.axes(left, top, width, LEGEND_HEIGHT)
    x = 0.0
    for colour, name in legend_entries(result):
        axes.plot([x, x + 26], [16, 16], color="black", linewidth=points(5), solid_capstyle="butt")
        axes.plot([x + 1, x + 25], [16, 16], color=colour, linewidth=points(3), solid_capstyle="butt")
        text(axes, x + 34, 16, name, _SIZE)
        x += 34 + len(name) * _CHARACTER + 26
    _bar(page, axes, left, top, width - _BAR[0] - 290)
    _hatch_sample(axes, width - 214)


def _bar(page: Page, axes: Any, left: int, top: int, x: int) -> None:
    width, height = _BAR
    text(axes, x - 12, 16, "Fat fraction", _SIZE, ha="right")
    bar = page.axes(left + x, top + 9, width, height)
    colours = mpl.colormaps[FAT_COLOURS](np.linspace(0, 1, width), bytes=True)[None, :, :3]
    bar.imshow(np.repeat(colours, height, axis=0), extent=(0, width, height, 0), interpolation="nearest", aspect="auto")
    for tick in _TICKS:
        at = x + width * tick / 100
        axes.plot([at, at], [9 + height, 9 + height + 4], color=INK, linewidth=points(1))
        text(axes, at, 9 + height + 12, f"{tick} %", 11.5, ha="center")


def _hatch_sample(axes: Any, x: int) -> None:
    axes.imshow(hatch(26, 14), extent=(x, x + 26, 23, 9), interpolation="nearest", aspect="auto", zorder=3)
    axes.set_xlim(0, axes.bbox.width)
    axes.set_ylim(LEGEND_HEIGHT, 0)
    text(axes, x + 34, 16, "muscle without a fat value", _SIZE)
