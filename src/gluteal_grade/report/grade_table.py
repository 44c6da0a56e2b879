"""The table of grades on the summary page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from gluteal_grade.report.page import FAINT, INK, RULE, Area, Page
from gluteal_grade.report.words import HEADINGS, Row

_LINE = 16
_PAD = 7
_HEAD = 28
_SIZE = 12.5
_SMALL = 12
# left edges of side, swatch, muscle; right edges of the numbers; left edge of the status
_SIDE, _SWATCH, _NAME = 0, 52, 76
_NUMBERS = (254, 402, 466, 550, 634)
_STATUS = 654
_CHARACTER = 6.8  # average width at _SMALL
_BOLD_CHARACTER = 7.7


def table_height(rows: Sequence[Row], width: int) -> int:
    """Pixels that the table takes at this width."""
    return _HEAD + sum(_row_height(row, width) for row in rows) + 4


def draw_table(page: Page, left: int, top: int, width: int, rows: Sequence[Row]) -> None:
    """Draw the table with its top left corner at a place of the page."""
    area = page.at(left, top)
    _rule(area, 0, width, INK, 1.2)
    area.text(_SIDE, _HEAD / 2, "Side", _SMALL, weight="bold")
    area.text(_NAME, _HEAD / 2, "Muscle", _SMALL, weight="bold")
    for x, heading in zip(_NUMBERS, HEADINGS, strict=True):
        area.text(x, _HEAD / 2, heading, _SMALL, ha="right", weight="bold")
    area.text(_STATUS, _HEAD / 2, "Coverage and status", _SMALL, weight="bold")
    _rule(area, _HEAD, width, INK, 0.8)
    y = float(_HEAD)
    for n, row in enumerate(rows):
        if n and row.side:
            _rule(area, y, width, FAINT, 0.8)
        elif n and not row.region:
            _rule(area, y, width, RULE, 0.6, start=_SWATCH)
        _draw_row(area, y, width, row)
        y += _row_height(row, width)
    _rule(area, y, width, INK, 1.2)


def _draw_row(area: Area, top: float, width: int, row: Row) -> None:
    y = top + _row_height(row, width) / 2
    ink = FAINT if row.region else INK
    area.text(_SIDE, y, row.side, _SIZE, weight="bold")
    if row.colour:
        area.swatch(_SWATCH, y, 16, row.colour)
    area.text(_NAME + (14 if row.region else 0), y, row.name, _SIZE, color=ink)
    for n, (x, cell) in enumerate(zip(_NUMBERS, row.cells, strict=True)):
        area.text(x, y, cell, _SIZE, ha="right", color=ink, weight="bold" if n == 2 and not row.region else "normal")
    lines = _status_lines(row, width)
    for n, line in enumerate(lines):
        colour, weight = (INK, "bold") if row.warn else (FAINT, "normal")
        area.text(_STATUS, y + (n - (len(lines) - 1) / 2) * _LINE, line, _SMALL, color=colour, weight=weight)


def _status_lines(row: Row, width: int) -> list[str]:
    character = _BOLD_CHARACTER if row.warn else _CHARACTER
    return textwrap.wrap(row.status, max(20, int((width - _STATUS) / character))) or [""]


def _row_height(row: Row, width: int) -> int:
    return max(1, len(_status_lines(row, width))) * _LINE + _PAD


def _rule(area: Area, y: float, width: int, colour: str, thickness: float, start: int = 0) -> None:
    area.lines([[(start, y), (width, y)]], colour, thickness)
