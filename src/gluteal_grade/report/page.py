"""A figure measured in pixels from its top left corner, written as the same bytes every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_DPI = 100
_PNG = {"compress_level": 4}  # twice as fast as the default, a tenth larger
INK = "#1a1a1a"
FAINT = "#5a5a5a"
RULE = "#c8c8c8"
PAPER = "#ffffff"
# the reader's own matplotlibrc must not change the picture
_STYLE = {"font.family": "DejaVu Sans", "text.usetex": False, "text.antialiased": True, "axes.linewidth": 0.0}


class Page:
    """A white page of `width` x `height` pixels.

    Args:
        width: pixels.
        height: pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)

    def axes(self, left: float, top: float, width: float, height: float, *, background: str = "none") -> Any:
        """Axes over a rectangle, in its own pixels: x to the right, y down, (0, 0) its top left corner."""
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box, facecolor=background, xticks=[], yticks=[])
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def write(self, path: Path) -> Path:
        """Write a PNG without a date or a program version in it."""
        self.figure.savefig(path, format="png", dpi=_DPI, metadata={"Software": None}, facecolor=PAPER, pil_kwargs=_PNG)
        return path


def points(pixels: float) -> float:
    """Matplotlib's points for a length in pixels of the page."""
    return pixels * 72 / _DPI


def text(axes: Any, x: float, y: float, string: str, size: float = 12, **style: Any) -> Any:
    """Text of `size` pixels in the axes' pixels; nothing in it is read as mathematics."""
    style = {"color": INK, "va": "center", "ha": "left", "parse_math": False} | style
    return axes.text(x, y, string, fontsize=points(size), **style)


def drawing_style() -> Any:
    """Context in which pages are drawn: fixed fonts, whatever the user's matplotlibrc says."""
    return mpl.rc_context(_STYLE)
