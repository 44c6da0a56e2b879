"""Rows of points, boxes and violins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gluteal_grade.drawing.palette import INK, RULE, Mark

POINTS_ONLY = 10  # fewer values are shown as they are: no box
MOST_POINTS = 150  # more are shown as a violin
_SPREAD = 0.26  # of a row: half the height of points and violins
_QUANTILES = 400
_SIZE = 24  # of a point

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Strip:
    """One row.

    Attributes:
        label: what it is of.
        mark: how it looks.
        values: without NaN.
    """

    label: str
    mark: Mark
    values: Values


def draw_strips(axis: Any, strips: Sequence[Strip], label: str, limits: tuple[float, float | None], *, together: int = 2) -> None:
    """Rows from the top; n beside each; box: quartiles and median, whiskers the 5th and 95th percentile.

    Args:
        axis: of matplotlib.
        strips: top to bottom.
        label: of the x axis, with its unit.
        limits: of the x axis; None leaves the upper one to the values.
        together: a line stands between every so many rows.
    """
    for row, strip in enumerate(strips):
        _draw_row(axis, row, strip)
    for row in range(together, len(strips), together):
        axis.axhline(row - 0.5, color=RULE, linewidth=0.8)
    axis.set_ylim(len(strips) - 0.5, -0.5)
    axis.set_yticks(range(len(strips)), [f"{s.label}  (n = {s.values.size:,})" for s in strips], parse_math=False)
    axis.set_xlabel(label)
    highest = max((float(s.values.max()) for s in strips if s.values.size), default=0.0)
    lowest = min((float(s.values.min()) for s in strips if s.values.size), default=0.0)
    axis.set_xlim(
        min(limits[0], lowest - 1 if lowest < 0 else 0),
        limits[1] if limits[1] is not None and highest <= limits[1] else 1.05 * highest or 1,
    )
    axis.grid(axis="x", color="#e2e2e2", linewidth=0.7)
    axis.set_axisbelow(True)


def _draw_row(axis: Any, row: int, strip: Strip) -> None:
    values, colour = strip.values, strip.mark.colour
    if not values.size:
        return
    if values.size > MOST_POINTS:
        _violin(axis, row, values, colour)
    else:
        _points(axis, row, strip)
    if values.size >= POINTS_ONLY:
        low, q1, median, q3, high = (float(q) for q in np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95)))
        box = {"med": median, "q1": q1, "q3": q3, "whislo": low, "whishi": high, "fliers": []}
        lines = {"color": INK, "linewidth": 1.1}
        style: dict[str, Any] = {"boxprops": lines, "whiskerprops": lines, "capprops": lines, "medianprops": {**lines, "linewidth": 2.4}}
        axis.bxp([box], positions=[row], widths=0.34, orientation="horizontal", showfliers=False, manage_ticks=False, zorder=4, **style)


def _points(axis: Any, row: int, strip: Strip) -> None:
    """In order of their values up and down a fixed pattern, so that equal values lie apart and every run draws the same."""
    values = np.sort(strip.values)
    offset = _SPREAD * (2 * ((np.arange(values.size) * 0.618034) % 1) - 1) if values.size > 1 else np.zeros(1)
    axis.scatter(values, row + offset, s=_SIZE, marker=strip.mark.marker, color=strip.mark.colour, alpha=0.75, linewidths=0, zorder=3)


def _violin(axis: Any, row: int, values: Values, colour: str) -> None:
    """Density of evenly spaced quantiles: as good as all values, and as fast for 100,000 of them."""
    from scipy.stats import gaussian_kde

    thin = np.quantile(values, (np.arange(_QUANTILES) + 0.5) / _QUANTILES)
    if np.ptp(thin) <= 0:
        axis.plot([thin[0]] * 2, [row - _SPREAD, row + _SPREAD], color=colour, linewidth=2)
        return
    where = np.linspace(float(values.min()), float(values.max()), 160)
    density = gaussian_kde(thin)(where)
    high = _SPREAD * 1.5 * density / density.max()
    axis.fill_between(where, row - high, row + high, color=colour, alpha=0.4, linewidth=0.8, zorder=2)
