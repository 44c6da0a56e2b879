"""Pictures of the cohort: Bland-Altman and reliability of the intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gluteal_grade.statistics.bland_altman import summarised
from gluteal_grade.statistics.split_normal import SplitNormal
from gluteal_grade_lab.validation.measured import Record
from gluteal_grade_lab.validation.rows import NAMES, plain

_COLOURS = {"gluteus_maximus": "#E69F00", "gluteus_medius": "#56B4E9", "gluteus_minimus": "#CC79A7"}


def bland_altman(records: list[Record], labels: str, path: Path) -> Path | None:
    """Measured minus true fat fraction over the mean of both, one panel a method; None where there is nothing to draw."""
    methods = [name for name in NAMES if len(plain(records, labels, name)) > 1]
    if not methods:
        return None
    figure, axes = _panels(len(methods))
    for axis, name in zip(axes, methods, strict=True):
        rows = [m for *_, m in plain(records, labels, name)]
        x = np.array([50 * (m["ff"] + m["true"]) for m in rows])
        y = np.array([100 * (m["ff"] - m["true"]) for m in rows])
        for muscle, colour in _COLOURS.items():
            mine = np.array([m["muscle"] == muscle for m in rows])
            axis.scatter(x[mine], y[mine], s=9, color=colour, label=muscle.removeprefix("gluteus_"), linewidths=0)
        a = summarised(y)
        for level, style in ((a.bias, "-"), (a.low, "--"), (a.high, "--")):
            axis.axhline(level, color="black", linewidth=0.8, linestyle=style)
        axis.set_title(f"{NAMES[name]}, {labels} labels: {a.bias:+.2f} ({a.low:+.2f} to {a.high:+.2f})", fontsize=9)
        axis.set_xlabel("mean of measured and true fat fraction, %", fontsize=8)
        axis.set_ylabel("measured - true, points", fontsize=8)
    axes[0].legend(fontsize=7)
    return _write(figure, path)


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
    return _write(figure, path)


def _panels(count: int):  # type: ignore[no-untyped-def]
    figure = Figure(figsize=(4.6 * count, 3.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(1, count, n + 1) for n in range(count)]
    for axis in axes:
        axis.tick_params(labelsize=8)
    return figure, axes


def _write(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
    return path
