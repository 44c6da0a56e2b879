"""White figures with axes, and their PNGs as the same bytes every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gluteal_grade.drawing.palette import PAPER
from gluteal_grade.files import whole

DPI = 110
_PANEL, _PER_LINE = 4.4, 3  # inches; panels side by side


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
