"""Forest plot: the headline statistic of every comparison, a panel a scale."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from gluteal_grade.review.agreement.canvas import FAINT, INK, RULE, canvas, save
from gluteal_grade.review.agreement.comparisons import ALL, Comparison, Who, comparisons
from gluteal_grade.review.agreement.found import Findings
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.words import STATISTICS, drawable, headline, label

LOOKS = {
    Who.READERS: ("#0072B2", "o", "two readers"),
    Who.EVERYONE: ("#1a1a1a", "D", "all readers"),
    Who.PROGRAM: ("#B35900", "s", "reader and program"),
    Who.REPEAT: ("#007A5A", "^", "first and second read"),
}
_ROW, _PANEL, _PER_LINE = 0.27, 4.4, 3


def forest(found: Findings, path: Path) -> Path | None:
    """Draw it; None where no comparison has a value."""
    scales = [s for s in found.ratings.scales if any(_value(found, s, c)[0] == _value(found, s, c)[0] for c in comparisons(s.raters))]
    if not scales:
        return None
    columns = min(_PER_LINE, len(scales))
    lines = [scales[n : n + columns] for n in range(0, len(scales), columns)]
    tall = [max(len(comparisons(s.raters)) for s in line) for line in lines]
    figure = canvas(0.6 + _PANEL * columns, sum(1.0 + _ROW * n for n in tall) + 0.4)
    grid = figure.add_gridspec(len(lines), columns, height_ratios=[1.0 + _ROW * n for n in tall])
    for y, line in enumerate(lines):
        for x, scale in enumerate(line):
            _panel(figure.add_subplot(grid[y, x]), found, scale, tall[y])
    _legend(figure, {c.who for s in scales for c in comparisons(s.raters)})
    return save(figure, path)


def _value(found: Findings, scale: ScaleRatings, c: Comparison) -> tuple[float, float, float]:
    row = found.get((scale.scale.name, c.name, ALL, ALL), headline(scale.scale, c.who is Who.EVERYONE))
    return (row.value, row.low, row.high) if row else (math.nan, math.nan, math.nan)


def _panel(axis: Any, found: Findings, scale: ScaleRatings, rows: int) -> None:
    every = comparisons(scale.raters)
    values = [_value(found, scale, c) for c in every]
    low = min([0.0, *(v for value in values for v in value if math.isfinite(v))])
    left = 0.0 if low >= 0 else max(-1.0, math.floor(low * 4) / 4)
    for y, (c, (value, start, end)) in enumerate(zip(every, values, strict=True)):
        colour, marker, _ = LOOKS[c.who]
        if math.isnan(value):
            axis.text(0.5 * (left + 1), y, "not defined", fontsize=8, color=FAINT, ha="center", va="center")
            continue
        if math.isfinite(start):
            axis.plot([max(start, left), end], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
        axis.plot([max(value, left)], [y], marker=marker, color=colour, markersize=6, linestyle="none", clip_on=False, zorder=3)
        told = f"{round(value, 2) + 0.0:.2f}".replace("-", "−")  # no minus zero
        axis.text(1.03, y, told, transform=axis.get_yaxis_transform(), fontsize=8.5, va="center", color=INK)
    axis.set_yticks(range(len(every)), [label(found, scale, c) for c in every], fontsize=8.5, parse_math=False)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=8)
    axis.set_ylim(rows - 0.4, -0.6)
    axis.set_xlim(left, 1.0)
    axis.grid(axis="x", color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    pair, everyone = (STATISTICS[headline(scale.scale, e)] for e in (False, True))
    several = any(c.who is Who.EVERYONE for c in every) and everyone != pair
    axis.set_title(drawable(scale.scale.title), fontsize=10.5, fontweight="bold", loc="left", parse_math=False)
    axis.set_xlabel(pair + (f"; all readers: {everyone}" if several else ""), fontsize=8)
    for edge in ("left", "right", "top"):
        axis.spines[edge].set_visible(False)


def _legend(figure: Any, who: set[Who]) -> None:
    from matplotlib.lines import Line2D

    kinds = [LOOKS[w] for w in Who if w in who]
    handles = [Line2D([], [], color=colour, marker=marker, markersize=6, linewidth=1.6, label=text) for colour, marker, text in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
