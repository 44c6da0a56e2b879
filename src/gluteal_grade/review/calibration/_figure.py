"""The figure: measured fraction of what each reader gave each grade, the edges with their intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.drawing import (
    BLUE,
    BROWN,
    FAINT,
    GREEN,
    INK,
    RULE,
    Mark,
    blank_figure,
    drawable,
    drawing_style,
    hide_edges,
    legend_below,
    save_png,
)
from gluteal_grade.report import visible
from gluteal_grade.review.calibration.model import CalibrationReport, ScaleCalibration

_MARKS = (Mark(BLUE, "o"), Mark(BROWN, "s"), Mark(GREEN, "^"), Mark("#6a3d9a", "D"), Mark("#555555", "v"))
_BAND = "#888888"
_ROW, _HEAD, _PANEL = 0.19, 1.05, 5.2  # inches
_LONGEST = 18


def reader_names(readers: tuple[str, ...]) -> dict[str, str]:
    """What the figure calls each: `reader 1` and so on where an id is too long or the font lacks its letters."""
    if all(len(r) <= _LONGEST and drawable(visible(r)) == r for r in readers):
        return {r: r for r in readers}
    return {r: f"reader {n}" for n, r in enumerate(readers, start=1)}


def draw(report: CalibrationReport, path: Path) -> Path | None:
    """Draw the scales of which edges were estimated; None where there is none."""
    shown = [one for one in report.found if one.edges and one.paired is not None]
    if not shown:
        return None
    every = tuple(sorted({r for one in shown if one.paired for r in one.paired.readers}))
    names, columns = reader_names(every), min(2, len(shown))
    lines = -(-len(shown) // columns)
    rows = max((len(one.edges) + 1) * (len(every) + 1) for one in shown)
    with drawing_style():
        figure = blank_figure(_PANEL * columns, (_HEAD + _ROW * rows) * lines + 0.4)
        axes = figure.subplots(lines, columns, squeeze=False).ravel()
        for axis, one in zip(axes, shown, strict=False):
            _panel(axis, one, every)
        for axis in axes[len(shown) :]:
            axis.set_visible(False)
        _legend(figure, every, names)
        return save_png(figure, path)


def _panel(axis: Any, one: ScaleCalibration, readers: tuple[str, ...]) -> None:
    paired = one.paired
    assert paired is not None
    step, places = len(readers) + 1, []
    for grade in range(len(one.edges) + 1):
        top = grade * step
        places.append(top + (len(readers) - 1) / 2)
        if grade:
            axis.axhline(top - 1, color=RULE, linewidth=0.7)
        for n, reader in enumerate(readers):
            if reader in paired.readers:
                _strip(axis, 100 * paired.values[paired.grades[:, paired.readers.index(reader)] == grade], top + n, _mark(n))
    for edge in one.edges:
        if edge.interval.high > edge.interval.low:
            axis.axvspan(100 * edge.interval.low, 100 * edge.interval.high, color=_BAND, alpha=0.3, linewidth=0)
        axis.axvline(100 * edge.at, color=INK, linewidth=1.3)
        axis.axvline(100 * edge.current, color=INK, linewidth=0.9, linestyle=(0, (1, 2)))
        axis.text(100 * edge.at, 1.005, f"{100 * edge.at:.1f}", transform=axis.get_xaxis_transform(), fontsize=8, ha="center", va="bottom")
    axis.set_yticks(places, [f"grade {g}" for g in range(len(places))], fontsize=8.5)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=8)
    axis.set_ylim(len(places) * step - 1.4, -0.6)
    axis.set_xlim(-1, 101)
    axis.set_xlabel("measured fat, %", fontsize=8.5)
    told = "" if one.reason is None else f": no edges written ({one.reason})"
    axis.set_title(drawable(visible(one.title)) + told, fontsize=10.5, fontweight="bold", loc="left", pad=16, parse_math=False)
    hide_edges(axis, "left", "right", "top")


def _strip(axis: Any, values: Any, y: float, mark: Mark) -> None:
    """In order of their values up and down a fixed pattern; a short line at the median."""
    if not values.size:
        return
    values = np.sort(values)
    offset = 0.36 * (2 * ((np.arange(values.size) * 0.618034) % 1) - 1)
    look: dict[str, Any] = {"s": 3, "alpha": 0.35} if values.size > 200 else {"s": 8, "alpha": 0.6}
    axis.scatter(values, y + offset, c=mark.colour, marker=mark.marker, linewidths=0, rasterized=True, **look)
    axis.plot([np.median(values)] * 2, [y - 0.45, y + 0.45], color=mark.colour, linewidth=2)


def _mark(n: int) -> Mark:
    return _MARKS[n % len(_MARKS)]


def _legend(figure: Any, readers: tuple[str, ...], names: dict[str, str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=_mark(n).colour, marker=_mark(n).marker, linestyle="none", label=names[r]) for n, r in enumerate(readers[:12])
    ]
    handles.append(Line2D([], [], color=INK, label="edge"))
    handles.append(Patch(color=_BAND, alpha=0.3, label="95 % interval"))
    handles.append(Line2D([], [], color=FAINT, linestyle=(0, (1, 2)), label="edge in use"))
    legend_below(figure, handles, columns=min(6, len(handles)))
