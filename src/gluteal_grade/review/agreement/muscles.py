"""How far apart two raters were, muscle by muscle: bars of one grade and of more, a panel a scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.cohort.gallery.words import SHORT_MUSCLE
from gluteal_grade.review.agreement.canvas import MOST, RULE, canvas, save
from gluteal_grade.review.agreement.comparisons import ALL, Comparison, Who, comparisons
from gluteal_grade.review.agreement.found import Findings
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.scales import Kind
from gluteal_grade.review.agreement.words import drawable, label
from gluteal_grade.statistics.arrays import Floats
from gluteal_grade.vocabulary import Muscle

_ONE, _MORE = "#9ecae1", "#08306b"
_ROW, _PANEL, _PER_LINE = 0.2, 4.4, 3


def apart(table: Floats) -> tuple[float, float]:
    """Shares of pairs one grade apart, and further; NaN without pairs."""
    places = np.arange(len(table))
    distance = np.abs(places[:, None] - places[None, :])
    total = table.sum()
    if not total:
        return float("nan"), float("nan")
    return float(table[distance == 1].sum() / total), float(table[distance > 1].sum() / total)


def muscles(found: Findings, path: Path) -> Path | None:
    """Draw it for the ordered scales that are graded by muscle; None where there is none."""
    scales = [s for s in found.ratings.scales if s.scale.kind is Kind.ORDINAL and _comparisons(found, s)]
    if not scales:
        return None
    columns = min(_PER_LINE, len(scales))
    lines = [scales[n : n + columns] for n in range(0, len(scales), columns)]
    tall = [max(sum(1 + len(_tables(found, s, c)) for c in _comparisons(found, s)) for s in line) for line in lines]
    figure = canvas(0.6 + _PANEL * columns, sum(0.9 + _ROW * n for n in tall) + 0.4)
    grid = figure.add_gridspec(len(lines), columns, height_ratios=[0.9 + _ROW * n for n in tall])
    for y, line in enumerate(lines):
        for x, scale in enumerate(line):
            _panel(figure.add_subplot(grid[y, x]), found, scale, tall[y])
    _legend(figure)
    return save(figure, path)


def _comparisons(found: Findings, scale: ScaleRatings) -> list[Comparison]:
    return [c for c in comparisons(scale.raters) if c.who is not Who.EVERYONE and _tables(found, scale, c)][:MOST]


def _tables(found: Findings, scale: ScaleRatings, c: Comparison) -> list[tuple[str, Floats]]:
    cells = [(m.value, found.tables.get((scale.scale.name, c.name, m.value, ALL))) for m in Muscle]
    return [(name, t) for name, t in cells if t is not None and t.sum() > 0]


def _panel(axis: Any, found: Findings, scale: ScaleRatings, rows: int) -> None:
    y, places, names = 0, [], []
    widest = 0.0
    for c in _comparisons(found, scale):
        axis.text(0, y, label(found, scale, c), fontsize=8.5, fontweight="bold", va="center", parse_math=False)
        y += 1
        for muscle, table in _tables(found, scale, c):
            one, more = (100 * v for v in apart(table))
            axis.barh(y, one, 0.75, color=_ONE)
            axis.barh(y, more, 0.75, left=one, color=_MORE)
            axis.text(one + more, y, f" {one:.0f} + {more:.0f}", fontsize=7.5, va="center")
            widest = max(widest, one + more)
            places.append(y)
            names.append(SHORT_MUSCLE[muscle])
            y += 1
    axis.set_yticks(places, names, fontsize=8)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=8)
    axis.set_ylim(rows - 0.4, -0.6)
    axis.set_xlim(0, max(10.0, 1.2 * widest))
    axis.grid(axis="x", color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.set_title(drawable(scale.scale.title), fontsize=10.5, fontweight="bold", loc="left", parse_math=False)
    axis.set_xlabel("% of pairs", fontsize=8)
    for edge in ("left", "right", "top"):
        axis.spines[edge].set_visible(False)


def _legend(figure: Any) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=_ONE, label="one grade apart"), Patch(color=_MORE, label="two or more")]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
