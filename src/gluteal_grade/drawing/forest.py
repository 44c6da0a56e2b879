"""Rows of a forest plot: an estimate and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from gluteal_grade.drawing.palette import Mark


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
