"""White figures with axes (Bland-Altman plots, estimates in a row), and their PNGs as the same bytes every time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.drawing.palette import FAINT, INK, PAPER, RULE, Mark
from gluteal_grade.files import whole

DPI = 110
_PANEL, _PER_LINE = 4.4, 3  # inches; panels side by side
_MANY = 400  # points; more are drawn small and pale


def blank_figure(width: float, height: float, *, dpi: int = DPI, layout: str | None = "constrained") -> Any:
    """A figure of so many inches, without a window of its own.

    Args:
        width, height: inches.
        dpi: pixels an inch.
        layout: of matplotlib; None leaves the places of axes to the caller.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout=layout, facecolor=PAPER)  # type: ignore[arg-type]
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Any, path: Path) -> Path:
    """Write the PNG, whole or not at all, without a date or a program version in it.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    if (engine := figure.get_layout_engine()) is not None:  # left to savefig, all is drawn once more only to find the places of axes
        engine.execute(figure)
        figure.set_layout_engine("none")
    with whole(path) as scratch:
        figure.savefig(scratch, dpi=figure.dpi, metadata={"Software": None})
    return path


def panels_of_rows(rows: Sequence[int], *, row: float, head: float) -> tuple[Any, list[tuple[Any, int]]]:
    """A figure with a panel for each of several lists, three side by side, as tall as the longest of a line needs.

    Args:
        rows: of each list.
        row, head: height of a row and of a panel's title and axis, inches.

    Returns:
        the figure, and each panel's axes with the rows there is room for.
    """
    columns = min(_PER_LINE, len(rows))
    tall = [max(rows[n : n + columns]) for n in range(0, len(rows), columns)]
    heights = [head + row * n for n in tall]
    figure = blank_figure(0.6 + _PANEL * columns, sum(heights) + 0.4)
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    return figure, [(figure.add_subplot(grid[n // columns, n % columns]), tall[n // columns]) for n in range(len(rows))]


def hide_edges(axis: Any, *edges: str) -> None:
    """Take lines of the frame away: left, right, top, bottom."""
    for edge in edges:
        axis.spines[edge].set_visible(False)


def legend_below(figure: Any, handles: Sequence[Any], columns: int = 0) -> None:
    """One legend under all panels of a constrained figure."""
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns or len(handles), frameon=False, fontsize=9)


@dataclass(frozen=True)
class Level:
    """A horizontal line: bias or limit of agreement, with its interval (NaN: none) and its number beside the panel."""

    value: float
    low: float
    high: float
    line: str
    text: str


def draw_differences(axis: Any, pairs: Iterable[tuple[npt.NDArray[np.float64], Mark]], levels: Iterable[Level]) -> None:
    """Draw differences of pairs, first less second, against their means.

    Args:
        axis: of matplotlib.
        pairs: (n, 2) values of each series, and how it looks.
        levels: lines.
    """
    series = list(pairs)
    many = sum(len(values) for values, _ in series) > _MANY
    for values, mark in series:
        a, b = values.T
        axis.scatter(
            (a + b) / 2, a - b, s=6 if many else 14, c=mark.colour, marker=mark.marker, alpha=0.35 if many else 0.7, linewidths=0,
            rasterized=True,
        )  # fmt: skip
    axis.axhline(0, color=RULE, linewidth=0.8, zorder=0)
    for level in levels:
        axis.axhline(level.value, color=INK, linewidth=1.1, linestyle=level.line)
        if level.low == level.low:
            axis.axhspan(level.low, level.high, color="#555555", alpha=0.16, linewidth=0)
        axis.text(1.01, level.value, level.text, transform=axis.get_yaxis_transform(), fontsize=8, va="center", color=INK)
    axis.tick_params(labelsize=8, labelbottom=True, colors=FAINT)
    hide_edges(axis, "right", "top")


@dataclass(frozen=True)
class Estimate:
    """One row.

    Attributes:
        value, low, high: the estimate and its interval; NaN where there is none.
        mark: colour and marker.
        filled: the marker is solid, not hollow.
    """

    value: float
    low: float
    high: float
    mark: Mark
    filled: bool = True


def draw_estimate(axis: Any, y: float, one: Estimate, limits: tuple[float, float], size: float = 6.0) -> None:
    """Draw a row at height `y`: a bar cut at the limits, an arrow where it goes on, a marker where the estimate lies between them.

    Args:
        axis: of matplotlib.
        y: height of the row.
        one: estimate; its value must be finite.
        limits: of the x axis, lower and upper.
        size: of the marker, points.
    """
    left, right = limits
    colour = one.mark.colour
    if math.isfinite(one.low + one.high):
        ends = [min(max(end, left), right) for end in (one.low, one.high)]
        axis.plot(ends, [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
        for beyond, arrow, at in ((one.low < left, "<", left), (one.high > right, ">", right)):
            if beyond:
                axis.plot([at], [y], marker=arrow, color=colour, markersize=5, clip_on=False)
    if left <= one.value <= right:
        face = colour if one.filled else "white"
        axis.plot(
            [one.value], [y], marker=one.mark.marker, color=colour, markerfacecolor=face, markersize=size, linestyle="none",
            clip_on=False, zorder=3,
        )  # fmt: skip
