"""The figures of agreement: a forest plot, how far apart by muscle, Bland-Altman plots, confusion matrices."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.drawing import (
    BLUE,
    BROWN,
    FAINT,
    GREEN,
    INK,
    MUSCLES,
    NO_MUSCLE,
    RULE,
    Estimate,
    Level,
    Mark,
    blank_figure,
    draw_differences,
    draw_estimate,
    hide_edges,
    legend_below,
    panels_of_rows,
    save_png,
)
from gluteal_grade.review.agreement.comparisons import ALL, Comparison, Who, comparisons
from gluteal_grade.review.agreement.labels import STATISTICS, drawable, headline, label, rater_label, shown
from gluteal_grade.review.agreement.ratings import ScaleRatings
from gluteal_grade.review.agreement.report import AgreementReport
from gluteal_grade.review.agreement.scales import Kind
from gluteal_grade.statistics import Floats
from gluteal_grade.vocabulary import Muscle

MOST = 12  # comparisons in a figure; all numbers are in agreement.csv
_MUSCLES = {**{name.value: mark for name, mark in MUSCLES.items()}, "": NO_MUSCLE}
LOOKS = {
    Who.READERS: (Mark(BLUE, "o"), "two readers"),
    Who.EVERYONE: (Mark(INK, "D"), "all readers"),
    Who.PROGRAM: (Mark(BROWN, "s"), "reader and program"),
    Who.REPEAT: (Mark(GREEN, "^"), "first and second read"),
}


def forest(report: AgreementReport, path: Path) -> Path | None:
    """Draw it; None where no comparison has a value."""
    scales = [s for s in report.ratings.scales if any(_value(report, s, c)[0] == _value(report, s, c)[0] for c in comparisons(s.raters))]
    if not scales:
        return None
    figure, panels = panels_of_rows([len(comparisons(s.raters)) for s in scales], row=0.27, head=1.0)
    for (axis, tall), scale in zip(panels, scales, strict=True):
        _forest_panel(axis, report, scale, tall)
    _forest_legend(figure, {c.who for s in scales for c in comparisons(s.raters)})
    return save_png(figure, path)


def _value(report: AgreementReport, scale: ScaleRatings, c: Comparison) -> tuple[float, float, float]:
    row = report.get((scale.scale.name, c.name, ALL, ALL), headline(scale.scale, c.who is Who.EVERYONE))
    return (row.value, row.low, row.high) if row else (math.nan, math.nan, math.nan)


def _forest_panel(axis: Any, report: AgreementReport, scale: ScaleRatings, rows: int) -> None:
    every = comparisons(scale.raters)
    values = [_value(report, scale, c) for c in every]
    low = min([0.0, *(v for value in values for v in value if math.isfinite(v))])
    left = 0.0 if low >= 0 else max(-1.0, math.floor(low * 4) / 4)
    for y, (c, (value, start, end)) in enumerate(zip(every, values, strict=True)):
        if math.isnan(value):
            axis.text(0.5 * (left + 1), y, "not defined", fontsize=8, color=FAINT, ha="center", va="center")
            continue
        draw_estimate(axis, y, Estimate(value, start, end, LOOKS[c.who][0]), (left, 1.0))
        told = f"{round(value, 2) + 0.0:.2f}".replace("-", "−")  # no minus zero
        axis.text(1.03, y, told, transform=axis.get_yaxis_transform(), fontsize=8.5, va="center", color=INK)
    axis.set_yticks(range(len(every)), [label(report, scale, c) for c in every], fontsize=8.5, parse_math=False)
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
    hide_edges(axis, "left", "right", "top")


def _forest_legend(figure: Any, who: set[Who]) -> None:
    from matplotlib.lines import Line2D

    kinds = [LOOKS[w] for w in Who if w in who]
    handles = [Line2D([], [], color=k.colour, marker=k.marker, markersize=6, linewidth=1.6, label=text) for k, text in kinds]
    legend_below(figure, handles)


_ONE, _MORE = "#9ecae1", "#08306b"


def apart(table: Floats) -> tuple[float, float]:
    """Shares of pairs one grade apart, and further; NaN without pairs."""
    places = np.arange(len(table))
    distance = np.abs(places[:, None] - places[None, :])
    total = table.sum()
    if not total:
        return float("nan"), float("nan")
    return float(table[distance == 1].sum() / total), float(table[distance > 1].sum() / total)


def muscles(report: AgreementReport, path: Path) -> Path | None:
    """Draw it for the ordered scales that are graded by muscle; None where there is none."""
    scales = [s for s in report.ratings.scales if s.scale.kind is Kind.ORDINAL and _with_muscles(report, s)]
    if not scales:
        return None
    rows = [sum(1 + len(_tables(report, s, c)) for c in _with_muscles(report, s)) for s in scales]
    figure, panels = panels_of_rows(rows, row=0.2, head=0.9)
    for (axis, tall), scale in zip(panels, scales, strict=True):
        _bars_panel(axis, report, scale, tall)
    _bars_legend(figure)
    return save_png(figure, path)


def _with_muscles(report: AgreementReport, scale: ScaleRatings) -> list[Comparison]:
    return [c for c in comparisons(scale.raters) if c.who is not Who.EVERYONE and _tables(report, scale, c)][:MOST]


def _tables(report: AgreementReport, scale: ScaleRatings, c: Comparison) -> list[tuple[str, Floats]]:
    cells = [(m.value, report.tables.get((scale.scale.name, c.name, m.value, ALL))) for m in Muscle]
    return [(name, t) for name, t in cells if t is not None and t.sum() > 0]


def _bars_panel(axis: Any, report: AgreementReport, scale: ScaleRatings, rows: int) -> None:
    y, places, names = 0, [], []
    widest = 0.0
    for c in _with_muscles(report, scale):
        axis.text(0, y, label(report, scale, c), fontsize=8.5, fontweight="bold", va="center", parse_math=False)
        y += 1
        for muscle, table in _tables(report, scale, c):
            one, more = (100 * v for v in apart(table))
            axis.barh(y, one, 0.75, color=_ONE)
            axis.barh(y, more, 0.75, left=one, color=_MORE)
            axis.text(one + more, y, f" {one:.0f} + {more:.0f}", fontsize=7.5, va="center")
            widest = max(widest, one + more)
            places.append(y)
            names.append(Muscle(muscle).short)
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
    hide_edges(axis, "left", "right", "top")


def _bars_legend(figure: Any) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=_ONE, label="one grade apart"), Patch(color=_MORE, label="two or more")]
    legend_below(figure, handles)


def differences(report: AgreementReport, scale: ScaleRatings, path: Path) -> Path | None:
    """Draw the first `MOST` comparisons that have limits; None where there is none."""
    name = scale.scale.name
    every = [c for c in comparisons(scale.raters) if c.who is not Who.EVERYONE]
    drawn = [c for c in every if (r := report.get((name, c.name, ALL, ALL), "bias")) is not None and r.value == r.value][:MOST]
    if not drawn:
        return None
    columns = min(3, len(drawn))
    lines = -(-len(drawn) // columns)
    figure = blank_figure(4.3 * columns, 3.1 * lines + 0.3)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    points = [100 * report.pairs[name, c.name, ALL, ALL] for c in drawn]
    reach = max([2.0, *(float(np.abs(p[:, 0] - p[:, 1]).max()) for p in points)])
    reach = max([reach, *(100 * abs(_at(report, name, c, s)) for c in drawn for s in ("loa_low", "loa_high"))])
    for axis, comparison in zip(axes.ravel(), drawn, strict=False):
        _differences_panel(axis, report, scale, comparison)
        axis.set_ylim(-1.12 * reach, 1.12 * reach)
    for axis in axes.ravel()[len(drawn) :]:
        axis.set_visible(False)
    figure.supylabel("first less second, percentage points", fontsize=9)
    _differences_legend(figure, scale)
    return save_png(figure, path)


def _at(report: AgreementReport, scale: str, c: Comparison, statistic: str) -> float:
    row = report.get((scale, c.name, ALL, ALL), statistic)
    return row.value if row else float("nan")


def _differences_panel(axis: Any, report: AgreementReport, scale: ScaleRatings, c: Comparison) -> None:
    values = 100 * scale.values[:, c.columns]
    there = np.isfinite(values).all(axis=1)
    levels = [
        Level(100 * row.value, 100 * row.low, 100 * row.high, style, shown(row)[0])
        for statistic, style in (("bias", "-"), ("loa_low", "--"), ("loa_high", "--"))
        if (row := report.get((scale.scale.name, c.name, ALL, ALL), statistic)) is not None
    ]
    draw_differences(axis, [(values[there & (scale.muscle == name)], mark) for name, mark in _MUSCLES.items()], levels)
    axis.set_title(f"{label(report, scale, c)} (n = {there.sum():,})", fontsize=9, loc="left", color=INK, parse_math=False)
    axis.set_xlabel("mean of the two, % fat", fontsize=8)


def _differences_legend(figure: Any, scale: ScaleRatings) -> None:
    from matplotlib.lines import Line2D

    there = {name: mark for name, mark in MUSCLES.items() if (scale.muscle == name.value).any()}
    handles = [Line2D([], [], color=k.colour, marker=k.marker, linestyle="none", label=name.short) for name, k in there.items()]
    handles.append(Line2D([], [], color=INK, label="bias"))
    handles.append(Line2D([], [], color=INK, linestyle="--", label="limits of agreement (grey: 95 % interval)"))
    legend_below(figure, handles)


_MATRICES, _MATRIX = 4, 2.7  # side by side; inches


def heat(report: AgreementReport, scale: ScaleRatings, path: Path) -> Path | None:
    """Draw the first `MOST` comparisons of one scale; None where there is none."""
    every = [c for c in comparisons(scale.raters) if c.who is not Who.EVERYONE]
    tables = [(c, t) for c in every if (t := report.tables.get((scale.scale.name, c.name, ALL, ALL))) is not None and t.sum() > 0][:MOST]
    if not tables:
        return None
    columns = min(_MATRICES, len(tables))
    lines = -(-len(tables) // columns)
    wide = _MATRIX + 0.16 * max(0, len(scale.scale.categories) - 5)
    figure = blank_figure(wide * columns + 0.2, (wide + 0.25) * lines)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, (comparison, table) in zip(axes, tables, strict=False):
        _heat_panel(axis, report, scale, comparison, table)
    for axis in axes[len(tables) :]:
        axis.set_visible(False)
    return save_png(figure, path)


def _heat_panel(axis: Any, report: AgreementReport, scale: ScaleRatings, comparison: Comparison, table: Floats) -> None:
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
    first, second = (rater_label(report, scale.raters[column], with_read=again) for column in comparison.columns)
    axis.set_ylabel(first, fontsize=8, parse_math=False)
    axis.set_xlabel(second, fontsize=8, parse_math=False)
    axis.set_title(f"n = {int(table.sum()):,}", fontsize=8, color=FAINT)
    for edge in axis.spines.values():
        edge.set_color("#999999")


def _square(place: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((place - 0.5, place - 0.5), 1, 1, fill=False, edgecolor=BROWN, linewidth=1.0)
