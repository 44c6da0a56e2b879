"""Pictures of the cohort: Bland-Altman and reliability of the intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from gluteal_grade.drawing.figure import Level, blank_figure, draw_differences, legend_below, save_png
from gluteal_grade.drawing.palette import MUSCLES
from gluteal_grade.statistics.limits import summarised
from gluteal_grade.statistics.split_normal import SplitNormal
from gluteal_grade.vocabulary import GLUTEI
from gluteal_grade_lab.validation.measured import Record
from gluteal_grade_lab.validation.rows import NAMES, plain


def bland_altman(records: list[Record], labels: str, path: Path) -> Path | None:
    """Measured minus true fat fraction over the mean of both, one panel a method; None where there is nothing to draw."""
    methods = [name for name in NAMES if len(plain(records, labels, name)) > 1]
    if not methods:
        return None
    figure, axes = _panels(len(methods))
    for axis, name in zip(axes, methods, strict=True):
        rows = [m for *_, m in plain(records, labels, name)]
        values = {m: 100 * np.array([(r["ff"], r["true"]) for r in rows if r["muscle"] == m]).reshape(-1, 2) for m in GLUTEI}
        a = summarised([100 * (r["ff"] - r["true"]) for r in rows])
        levels = [Level(v, np.nan, np.nan, line, f"{round(v, 1) + 0.0:+.1f}") for v, line in ((a.bias, "-"), (a.low, "--"), (a.high, "--"))]
        draw_differences(axis, [(values[m], MUSCLES[m]) for m in GLUTEI], levels)
        axis.set_title(f"{NAMES[name]}, {labels} labels: {a.bias:+.2f} ({a.low:+.2f} to {a.high:+.2f})", fontsize=9)
        axis.set_xlabel("mean of measured and true fat fraction, %", fontsize=8)
        axis.set_ylabel("measured - true, points", fontsize=8)
    legend_below(
        figure,
        [Line2D([], [], color=MUSCLES[m].colour, marker=MUSCLES[m].marker, linestyle="none", label=m.short) for m in GLUTEI],
    )
    return save_png(figure, path)


def interval_reliability(records: list[Record], labels: str, path: Path) -> Path | None:
    """Share of truths held by intervals of every stated confidence, one line a method."""
    stated = np.linspace(0.05, 0.99, 40)
    figure, (axis,) = _panels(1)
    drawn = False
    for name in NAMES:
        rows = [m for *_, m in plain(records, labels, name)]
        if not rows:
            continue
        widths = [np.sqrt(np.sum(np.square(list(m["parts"].values())), axis=0)) for m in rows]
        place = np.array([SplitNormal(m["ff"], *w).cdf(m["true"]) for m, w in zip(rows, widths, strict=True)])
        axis.plot(stated, [np.mean(np.abs(place - 0.5) <= c / 2) for c in stated], label=NAMES[name])
        drawn = True
    if not drawn:
        return None
    axis.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    axis.set_xlabel("stated confidence", fontsize=8)
    axis.set_ylabel("share that hold the truth", fontsize=8)
    axis.set_title(f"Intervals, {labels} labels", fontsize=9)
    axis.legend(fontsize=7)
    return save_png(figure, path)


def _panels(count: int) -> tuple[Any, list[Any]]:
    figure = blank_figure(4.6 * count, 3.6)
    axes = [figure.add_subplot(1, count, n + 1) for n in range(count)]
    for axis in axes:
        axis.tick_params(labelsize=8)
    return figure, axes
