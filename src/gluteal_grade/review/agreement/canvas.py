"""A white figure, and its PNG as the same bytes every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gluteal_grade.files import whole

INK, FAINT, RULE = "#1a1a1a", "#555555", "#c8c8c8"
# Okabe & Ito 2008; shape says the same as colour
MUSCLES = {
    "gluteus_maximus": ("#B35900", "o", "maximus"),
    "gluteus_medius": ("#0072B2", "s", "medius"),
    "gluteus_minimus": ("#007A5A", "^", "minimus"),
    "": ("#333333", "o", ""),
}
DPI = 110
MOST = 12  # comparisons in a figure; all numbers are in agreement.csv


def canvas(width: float, height: float) -> Any:
    """A figure of so many inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="#ffffff")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, path: Path) -> Path:
    """Write the PNG."""
    with whole(path) as scratch:
        figure.savefig(scratch, dpi=DPI, metadata={"Software": None})
    return path
