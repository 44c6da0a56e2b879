"""Tables of the page, ready to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gluteal_grade.report import visible
from gluteal_grade.review.agreement.comparisons import ALL, Comparison, Who, comparisons
from gluteal_grade.review.agreement.compute import CONTINUOUS_PAIR, NOMINAL
from gluteal_grade.review.agreement.labels import STATISTICS, headline, koch, shown
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.report import AgreementReport
from gluteal_grade.review.agreement.scales import Kind
from gluteal_grade.statistics import PAIR_STATISTICS
from gluteal_grade.vocabulary import Muscle, Side

_WHOLE = (ALL, ALL)


@dataclass(frozen=True)
class Cell:
    """A number, its interval, and what to know of it."""

    value: str
    interval: str = ""
    word: str = ""
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One comparison."""

    name: str
    cells: tuple[Cell | None, ...]  # None: does not apply


@dataclass(frozen=True)
class Table:
    """Column heads and lines."""

    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def overview(found: AgreementReport) -> Table:
    """The headline statistic: comparisons against scales."""
    scales = found.ratings.scales
    by_name = {s.scale.name: {c.name: c for c in comparisons(s.raters)} for s in scales}
    order = {c.name: c.who for who in Who for s in scales for c in comparisons(s.raters) if c.who is who}
    lines = []
    for name in order:
        cells = [_headline(found, s, c) if (c := by_name[s.scale.name].get(name)) else None for s in scales]
        lines.append(Line(visible(name), tuple(cells)))
    heads = (f"{visible(s.scale.title)}: {STATISTICS[headline(s.scale, everyone=False)]}" for s in scales)
    return Table(tuple(heads), tuple(lines))


def _headline(found: AgreementReport, scale: ScaleRatings, c: Comparison) -> Cell:
    statistic = headline(scale.scale, c.who is Who.EVERYONE)
    cell = _cell(found, scale, c, _WHOLE, statistic)
    row = found.get((scale.scale.name, c.name, *_WHOLE), statistic)
    word = koch(row.value) if row and scale.scale.kind is not Kind.CONTINUOUS and c.who is not Who.EVERYONE else ""
    return replace(cell, word=word)


def _cell(found: AgreementReport, scale: ScaleRatings, c: Comparison, part: tuple[str, str], statistic: str) -> Cell:
    row = found.get((scale.scale.name, c.name, *part), statistic)
    value, interval = shown(row)
    return Cell(value, interval, note=row.note if row else "")


def details(found: AgreementReport, scale: ScaleRatings) -> Table:
    """Every statistic of pairs on one scale, all muscles and sides together."""
    statistics: Sequence[str] = NOMINAL
    if scale.scale.kind is not Kind.NOMINAL:
        statistics = PAIR_STATISTICS if scale.scale.kind is Kind.ORDINAL else CONTINUOUS_PAIR
    lines, notes = [], dict[str, list[str]]()
    for c in comparisons(scale.raters):
        if c.who is Who.EVERYONE:
            continue
        cells = [_cell(found, scale, c, _WHOLE, s) for s in statistics]
        for cell in cells:
            for note in filter(None, cell.note.split("; ")):
                names = notes.setdefault(note, [])
                names += [] if visible(c.name) in names else [visible(c.name)]
        row = found.get((scale.scale.name, c.name, *_WHOLE), statistics[0])
        counts = (row.n, row.studies, row.left_out) if row else (0, 0, 0)
        lines.append(Line(visible(c.name), (*(Cell(f"{n:,}") for n in counts), *cells)))
    heads = ("n", "studies", "left out", *(STATISTICS[s] for s in statistics))
    return Table(heads, tuple(lines), tuple(f"{note} ({', '.join(names)})." for note, names in notes.items()))


def together(found: AgreementReport, scale: ScaleRatings) -> Table | None:
    """All readers at once; None where there is one."""
    rows = [r for r in found.rows if r.cell == (scale.scale.name, "all readers", *_WHOLE)]
    if not rows:
        return None
    heads = ("n", "studies", "left out", "value")
    lines = [
        Line(STATISTICS[r.statistic], (*(Cell(f"{n:,}") for n in (r.n, r.studies, r.left_out)), Cell(*shown(r), note=r.note))) for r in rows
    ]
    notes = dict.fromkeys(f"{note}." for r in rows for note in filter(None, r.note.split("; ")))
    return Table(heads, tuple(lines), tuple(notes))


def by_part(found: AgreementReport, scale: ScaleRatings) -> Table | None:
    """The headline statistic muscle by muscle and side by side; None where nothing tells them apart."""
    parts = [(m.value, ALL) for m in Muscle if (scale.muscle == m.value).any()]
    parts += [(ALL, s.value) for s in Side if (scale.side == s.value).any()]
    if not parts:
        return None
    lines = []
    for c in comparisons(scale.raters):
        statistic = headline(scale.scale, c.who is Who.EVERYONE)
        lines.append(Line(visible(c.name), tuple(_cell(found, scale, c, part, statistic) for part in parts)))
    return Table(tuple(Muscle(muscle).short if muscle != ALL else side for muscle, side in parts), tuple(lines))
