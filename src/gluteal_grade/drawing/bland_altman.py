"""A panel of differences against means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.drawing.figure import hide_edges
from gluteal_grade.drawing.palette import FAINT, INK, RULE, Mark

_MANY = 400  # points; more are drawn small and pale


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
