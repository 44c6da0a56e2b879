"""Confusion matrices: how often each two grades met, a panel a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gluteal_grade.review.agreement.canvas import FAINT, INK, MOST, canvas, save
from gluteal_grade.review.agreement.comparisons import ALL, Comparison, Who, comparisons
from gluteal_grade.review.agreement.found import Findings
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.words import drawable, rater_label
from gluteal_grade.statistics.arrays import Floats

_COLUMNS, _SIZE = 4, 2.7


def heat(found: Findings, scale: ScaleRatings, path: Path) -> Path | None:
    """Draw the first `MOST` comparisons of one scale; None where there is none."""
    every = [c for c in comparisons(scale.raters) if c.who is not Who.EVERYONE]
    tables = [(c, t) for c in every if (t := found.tables.get((scale.scale.name, c.name, ALL, ALL))) is not None and t.sum() > 0][:MOST]
    if not tables:
        return None
    columns = min(_COLUMNS, len(tables))
    lines = -(-len(tables) // columns)
    wide = _SIZE + 0.16 * max(0, len(scale.scale.categories) - 5)
    figure = canvas(wide * columns + 0.2, (wide + 0.25) * lines)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, (comparison, table) in zip(axes, tables, strict=False):
        _panel(axis, found, scale, comparison, table)
    for axis in axes[len(tables) :]:
        axis.set_visible(False)
    return save(figure, path)


def _panel(axis: Any, found: Findings, scale: ScaleRatings, comparison: Comparison, table: Floats) -> None:
    shares = table / table.sum()
    axis.imshow(shares**0.5, cmap="Blues", vmin=0, vmax=1, aspect="equal")  # square root: rare cells stay visible
    k = len(table)
    small = 7.5 if k <= 6 else 5.5
    for row in range(k):
        for column in range(k):
            n = int(table[row, column])
            if n:
                colour = "#ffffff" if shares[row, column] > 0.3 else INK
                axis.text(column, row, f"{n}", ha="center", va="center", fontsize=small + 1, color=colour)
    for place in range(k):  # the diagonal: both the same
        axis.add_patch(_square(place))
    names = [drawable(c) for c in scale.scale.categories]
    axis.set_xticks(range(k), names, fontsize=small)
    axis.set_yticks(range(k), names, fontsize=small, rotation=90 if max(map(len, names)) > 3 else 0, va="center")
    axis.tick_params(length=0)
    again = comparison.who is Who.REPEAT
    first, second = (rater_label(found, scale.raters[column], with_read=again) for column in comparison.columns)
    axis.set_ylabel(first, fontsize=8, parse_math=False)
    axis.set_xlabel(second, fontsize=8, parse_math=False)
    axis.set_title(f"n = {int(table.sum()):,}", fontsize=8, color=FAINT)
    for edge in axis.spines.values():
        edge.set_color("#999999")


def _square(place: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((place - 0.5, place - 0.5), 1, 1, fill=False, edgecolor="#B35900", linewidth=1.0)
