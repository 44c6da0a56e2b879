"""The table of grades on the summary page: a muscle a line, right and left side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from gluteal_grade.drawing import Area, Page
from gluteal_grade.report.readings import grade_text, probability_text
from gluteal_grade.report.words import DASH, fat_text, muscle_name, status_text, volume_text
from gluteal_grade.result import Asymmetry, MuscleResult, MuscleStatus, StudyResult, scales_of
from gluteal_grade.vocabulary import COLOURS, REGIONS, Region, Scale, Side, muscles_among

_MOST_SCALES = 3  # the page has room for so many; the report holds all

_LINE = 16
_PAD = 6
_HEAD = 46
_SIZE = 12.5
_SMALL = 12
# left edge of the muscle; right edges of a side's numbers, from its left edge; of the difference; left edge of the status
_NAME = 26
_BLOCKS = (186, 690)
_NUMBERS = (66, 206, 326, 402, 484)
_DIFFERENCE = 1250
_STATUS = (700, 1276)  # left edge with one side and with two
_CHARACTER = 6.7  # average width at _SMALL
_BOLD_CHARACTER = 7.7


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        name: muscle or region.
        colour: of its contour, None where it has none of its own.
        cells: by side, as `headings`; dashes where nothing was measured.
        difference: left less right fat fraction, points.
        status: what is to be said of the sides, and whether it must not be overlooked.
        region: a region, drawn beneath its muscle.
    """

    name: str
    colour: str | None
    cells: dict[Side, tuple[str, ...]]
    difference: str
    status: tuple[tuple[str, bool], ...]
    region: bool = False


@dataclass(frozen=True)
class _Columns:
    """Where things stand: a side without labels takes no room.

    Attributes:
        blocks: left edge of the numbers of each side that is shown.
        status: left edge of the last column.
        width: of the table, pixels.
    """

    blocks: dict[Side, int]
    status: int
    width: int

    @property
    def both(self) -> bool:
        """Whether there is a difference to tell."""
        return len(self.blocks) == len(Side)


def _columns(result: StudyResult, width: int) -> _Columns:
    shown = [side for side in Side if side not in _absent(result)] or list(Side)
    return _Columns(dict(zip(shown, _BLOCKS, strict=False)), _STATUS[len(shown) - 1], width)


def table_lines(result: StudyResult) -> tuple[Line, ...]:
    """Muscles before their regions."""
    lines = []
    absent, scales = _absent(result), _scales(result)
    for muscle in muscles_among(m.muscle for m in result.muscles):
        seen = [m for m in result.muscles if m.muscle is muscle]
        regions = [r for r in REGIONS[muscle] if any(m.region is r for m in seen)]
        divided = any((muscle, region) in COLOURS for region in regions)
        for region in (Region.WHOLE, *regions):
            of = {m.side: m for m in seen if m.region is region}
            cells = {side: _cells(of.get(side), scales) for side in Side}
            name = muscle_name(muscle) if region is Region.WHOLE else region.value
            own = COLOURS.get((muscle, region))
            shown = any(m.status is not MuscleStatus.MISSING for m in of.values())
            colour = own if shown and not (divided and region is Region.WHOLE) else None
            pair = next((a for a in result.asymmetry if a.muscle is muscle and a.region is region), None)
            status = _status({side: m for side, m in of.items() if side not in absent})
            lines.append(Line(name, colour, cells, _difference(result, pair), status, region is not Region.WHOLE))
    return tuple(lines)


def table_height(result: StudyResult, width: int) -> int:
    """Pixels that the table takes at this width."""
    columns = _columns(result, width)
    return _HEAD + sum(_height(line, columns) for line in table_lines(result)) + 4


def draw_table(page: Page, result: StudyResult, left: int, top: int, width: int) -> None:
    """Draw the table with its top left corner at a place of the page."""
    area, theme, columns = page.at(left, top), page.theme, _columns(result, width)
    _rule(area, 0, width, theme.ink, 1.2)
    for side, x in columns.blocks.items():
        area.text(x + 8, 13, side.upper(), _SIZE, weight="bold")
        _rule(area, 24, x + _NUMBERS[-1], theme.rule, 0.8, start=x + 8)
        for right, heading in zip(_NUMBERS, headings(result), strict=False):
            area.text(x + right, 35, heading, _SMALL, ha="right", weight="bold")
    if columns.both:
        area.text(_DIFFERENCE, 35, "L − R", _SMALL, ha="right", weight="bold")
    absent = " and ".join(side.upper() for side in Side if side not in columns.blocks)
    if absent:
        area.text(columns.status, 13, f"{absent} · not measured: no labels on this side", _SIZE, weight="bold")
    area.text(columns.status, 35, "Coverage and status", _SMALL, weight="bold")
    _rule(area, _HEAD, width, theme.ink, 0.8)
    y = float(_HEAD)
    for n, line in enumerate(table_lines(result)):
        if n and not line.region:
            _rule(area, y, width, theme.rule, 0.8)
        _draw_line(area, y, columns, line)
        y += _height(line, columns)
    _rule(area, y, width, theme.ink, 1.2)


def _draw_line(area: Area, top: float, columns: _Columns, line: Line) -> None:
    height = _height(line, columns)
    y = top + height / 2
    theme = area.page.theme
    ink = theme.faint if line.region else theme.ink
    if line.colour:
        area.swatch(0, y, 16, line.colour)
    area.text(_NAME + (14 if line.region else 0), y, line.name, _SIZE, color=ink, weight="normal" if line.region else "bold")
    for side, x in columns.blocks.items():
        for n, (right, cell) in enumerate(zip(_NUMBERS, line.cells[side], strict=False)):
            area.text(
                x + right, y, cell, _SIZE, ha="right", color=ink, weight="bold" if n == 2 and not line.region and cell != DASH else "normal"
            )
    if columns.both:
        area.text(_DIFFERENCE, y, line.difference, _SIZE, ha="right", color=ink)
    texts = _wrapped(line, columns)
    for n, (text, warn) in enumerate(texts):
        at = y + (n - (len(texts) - 1) / 2) * _LINE
        if warn:
            area.box(columns.status - 6, at - _LINE / 2, columns.width - columns.status + 6, _LINE, theme.alert)
        area.text(columns.status, at, text, _SMALL, color=theme.alert_ink if warn else theme.faint, weight="bold" if warn else "normal")


def headings(result: StudyResult) -> tuple[str, ...]:
    """Of a side's columns."""
    first, *others = _scales(result)
    return ("Volume", "Fat fraction (95 %)", f"{first.title} (p)", *(scale.title for scale in others))


def _scales(result: StudyResult) -> tuple[Scale, ...]:
    """The primary scale first."""
    return tuple(sorted(scales_of(result), key=lambda scale: not scale.primary)[:_MOST_SCALES])


def _cells(m: MuscleResult | None, scales: Sequence[Scale]) -> tuple[str, ...]:
    if m is None:
        return (DASH,) * (2 + len(scales))
    first, *others = scales
    sure = probability_text(m.probability(first.key))
    primary = grade_text(m.graded(first.key)) + (f" ({sure})" if sure else "")
    return volume_text(m.volume_ml), fat_text(m), primary, *(grade_text(m.graded(scale.key)) for scale in others)


def _difference(result: StudyResult, pair: Asymmetry | None) -> str:
    points = math.nan if pair is None else result.points_shown(pair)
    if math.isnan(points):
        return DASH
    return f"{round(points, 1) + 0.0:+.1f}".replace("-", "−")


def _status(of: dict[Side, MuscleResult]) -> tuple[tuple[str, bool], ...]:
    """One text for both sides where they are alike."""
    texts = {side: status_text(m) for side, m in of.items()}
    if len(set(texts.values())) == 1 and len(texts) == len(Side):
        text = next(iter(texts.values()))
        warn = _alarms(next(iter(of.values())))
        return ((f"both: {text}", warn and bool(text)),) if text else ()
    letters = {Side.RIGHT: "R", Side.LEFT: "L"}
    lines = [(side, texts[side]) for side in (Side.RIGHT, Side.LEFT) if texts.get(side)]
    needs = {side for side, m in of.items() if m.region is Region.WHOLE and _alarms(m)}
    if needs or sum(len(text) for _, text in lines) > 70:
        return tuple((f"{letters[side]}: {text}", side in needs) for side, text in lines)
    joined = " · ".join(f"{letters[side]}: {text}" for side, text in lines)
    return ((joined, False),) if joined else ()


def _alarms(m: MuscleResult) -> bool:
    """What every automatic study has is no alarm."""
    return m.status is MuscleStatus.NEEDS_REVIEW and not m.is_estimate


def _absent(result: StudyResult) -> set[Side]:
    """Sides without any label."""
    return {side for side in Side if all(m.status is MuscleStatus.MISSING for m in result.muscles if m.side is side)}


def _wrapped(line: Line, columns: _Columns) -> list[tuple[str, bool]]:
    found = []
    for text, warn in line.status:
        room = int((columns.width - columns.status) / (_BOLD_CHARACTER if warn else _CHARACTER))
        found += [(part, warn) for part in textwrap.wrap(text, max(20, room))]
    return found


def _height(line: Line, columns: _Columns) -> int:
    return max(1, len(_wrapped(line, columns))) * _LINE + _PAD


def _rule(area: Area, y: float, width: int, colour: str, thickness: float, start: int = 0) -> None:
    area.lines([[(start, y), (width, y)]], colour, thickness)
