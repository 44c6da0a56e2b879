"""The table of grades on the summary page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from gluteal_grade.report.page import FAINT, INK, RULE, Page, points, text
from gluteal_grade.report.words import HEADINGS, Row

_LINE = 16
_PAD = 7
_HEAD = 28
_SIZE = 12.5
_SMALL = 12
# left edges of side, swatch, muscle; right edges of the numbers; left edge of the status
_SIDE, _SWATCH, _NAME = 0, 52, 76
_NUMBERS = (300, 392, 462, 542, 630)
_STATUS = 656
_CHARACTER = 6.8  # average width at _SMALL


def table_height(rows: Sequence[Row], width: int) -> int:
    """Pixels that the table takes at this width."""
    return _HEAD + sum(_row_height(row, width) for row in rows) + 4


def draw_table(page: Page, left: int, top: int, width: int, rows: Sequence[Row]) -> None:
    """Draw the table with its top left corner at a place of the page."""
    axes = page.axes(left, top, width, table_height(rows, width))
    _rule(axes, 0, width, INK, 1.2)
    style = {"weight": "bold", "color": INK}
    text(axes, _SIDE, _HEAD / 2, "Side", _SMALL, **style)
    text(axes, _NAME, _HEAD / 2, "Muscle", _SMALL, **style)
    for x, heading in zip(_NUMBERS, HEADINGS, strict=True):
        text(axes, x, _HEAD / 2, heading, _SMALL, ha="right", **style)
    text(axes, _STATUS, _HEAD / 2, "Coverage and status", _SMALL, **style)
    _rule(axes, _HEAD, width, INK, 0.8)
    y = float(_HEAD)
    for n, row in enumerate(rows):
        if n and row.side:
            _rule(axes, y, width, FAINT, 0.8)
        elif n and not row.region:
            _rule(axes, y, width, RULE, 0.6, start=_SWATCH)
        _draw_row(axes, y, width, row)
        y += _row_height(row, width)
    _rule(axes, y, width, INK, 1.2)


def _draw_row(axes: Any, top: float, width: int, row: Row) -> None:
    y = top + _row_height(row, width) / 2
    ink = FAINT if row.region else INK
    text(axes, _SIDE, y, row.side, _SIZE, weight="bold")
    if row.colour:
        axes.plot([_SWATCH, _SWATCH + 16], [y, y], color="black", linewidth=points(4.5), solid_capstyle="butt")
        axes.plot([_SWATCH + 0.8, _SWATCH + 15.2], [y, y], color=row.colour, linewidth=points(3), solid_capstyle="butt")
    text(axes, _NAME + (14 if row.region else 0), y, row.name, _SIZE, color=ink)
    for n, (x, cell) in enumerate(zip(_NUMBERS, row.cells, strict=True)):
        text(axes, x, y, cell, _SIZE, ha="right", color=ink, weight="bold" if n == 2 and not row.region else "normal")
    lines = _status_lines(row, width)
    for n, line in enumerate(lines):
        text(axes, _STATUS, y + (n - (len(lines) - 1) / 2) * _LINE, line, _SMALL, color=FAINT)


def _status_lines(row: Row, width: int) -> list[str]:
    return textwrap.wrap(row.status, max(20, int((width - _STATUS) / _CHARACTER))) or [""]


def _row_height(row: Row, width: int) -> int:
    return max(1, len(_status_lines(row, width))) * _LINE + _PAD


def _rule(axes: Any, y: float, width: int, colour: str, thickness: float, start: int = 0) -> None:
    axes.plot([start, width], [y, y], color=colour, linewidth=points(thickness), clip_on=False)
