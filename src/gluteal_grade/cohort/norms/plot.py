"""Curves of one set: every person, and the 5th, 50th and 95th percentile over age."""

from __future__ import annotations

from pathlib import Path

from gluteal_grade.cohort.norms.compute import Fitted, NormsReport, Protocol
from gluteal_grade.cohort.norms.sets import ages_of
from gluteal_grade.drawing import BLUE, BROWN, blank_figure, drawing_style, hide_edges, save_png
from gluteal_grade.vocabulary import muscles_among

_WIDTH, _HEIGHT = 3.6, 2.5  # inches of a panel
_LINES = ((5, "--"), (50, "-"), (95, "--"))
_COLOURS = {"F": BROWN, "M": BLUE}
_MOST = 2000  # points of a panel and sex; more are one blot
_ROWS = (
    ("fat_fraction_core", "fat (muscle itself), %", 100.0),
    ("fat_fraction", "fat (mean of label), %", 100.0),
    ("volume_ml", "volume, ml", 1.0),
    ("volume_per_kg", "volume, ml/kg", 1.0),
    ("volume_per_m2", "volume, ml/m²", 1.0),
    ("volume_per_lean_kg", "volume, ml/kg lean", 1.0),
)


def draw_curves(report: NormsReport, protocol: Protocol, path: Path) -> Path:
    """One picture, whole or not at all."""
    mine = [f for f in report.fitted if f.protocol == protocol]
    rows = [row for row in _ROWS if any(f.quantity == row[0] for f in mine)]
    with drawing_style():
        muscles = muscles_among(f.muscle for f in mine)
        figure = blank_figure(0.5 + _WIDTH * len(muscles), 0.4 + _HEIGHT * len(rows))
        axes = figure.subplots(len(rows), len(muscles), squeeze=False)
        for line, (quantity, words, scale) in zip(axes, rows, strict=True):
            for axis, muscle in zip(line, muscles, strict=True):
                shown = [f for f in mine if f.quantity == quantity and f.muscle == muscle]
                axis.set_title(muscle.short, fontsize=9)
                for f in shown:
                    _draw(axis, f, scale)
                if not shown:
                    axis.set_axis_off()
                    continue
                hide_edges(axis)
                axis.set_xlabel("age, years", fontsize=8)
                axis.set_ylabel(words, fontsize=8)
        figure.suptitle("5th, 50th and 95th percentile; women brown, men blue", fontsize=9)
        return save_png(figure, path)


def _draw(axis: object, f: Fitted, scale: float) -> None:
    colour, ages = _COLOURS[f.sex], ages_of(f, 50)
    step = max(1, len(f.age) // _MOST)
    axis.plot(f.age[::step], scale * f.values[::step], ".", color=colour, alpha=0.25, markersize=3)  # type: ignore[attr-defined]
    for percent, line in _LINES:
        axis.plot(ages, scale * f.percentile(percent, ages), line, color=colour, linewidth=1.2)  # type: ignore[attr-defined]
