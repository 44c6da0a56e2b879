"""One patient's fat fractions over time: a panel a muscle, both sides in it. Dark on white, told apart in greyscale too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from gluteal_grade.cohort.change.course import SDC_NOTE, Course, Point
from gluteal_grade.files import whole
from gluteal_grade.report.page import FAINT, INK, RULE, drawing_style
from gluteal_grade.vocabulary import Muscle, Side

# Okabe & Ito 2008; a colour, a marker and a line each, so that print in grey tells them apart. No muscle's colour among them.
SIDE_STYLE: dict[Side, dict[str, Any]] = {
    Side.RIGHT: {"color": "#0072B2", "marker": "o", "linestyle": "-"},
    Side.LEFT: {"color": "#D55E00", "marker": "s", "linestyle": "--"},
}
_WIDTH, _HEIGHT, _DPI = 10.0, 4.3, 110  # inches
_SMALL, _TEXT, _TITLE = 8.0, 9.0, 11.0
_ROOM = 4.0  # points of fat fraction above the highest bar
_LEAST_TOP = 30.0


def draw_course(course: Course, path: Path) -> Path:
    """Write the picture, PNG.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    with drawing_style():
        figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, len(Muscle), sharey=True)
        figure.subplots_adjust(left=0.07, right=0.945, top=0.78, bottom=0.21, wspace=0.1)
        low, high = _limits(course)
        shift = _shift(course)
        for axis, muscle in zip(axes, Muscle, strict=True):
            _panel(axis, course, muscle, low, high, shift)
        axes[0].set_ylabel("fat fraction, %", fontsize=_TEXT, color=INK)
        _grade_names(axes[-1], course.edges, low, high)
        figure.text(0.07, 0.965, course.title, fontsize=_TITLE, color=INK, va="top", weight="bold", parse_math=False)
        _legend(figure, course)
        figure.text(0.07, 0.018, f"{SDC_NOTE}{_unjoined(course)} Research use.", fontsize=_SMALL, color=FAINT, va="bottom")
        with whole(path) as scratch:
            figure.savefig(scratch, metadata={"Software": None}, facecolor="white")
    return path


def _panel(axis: Any, course: Course, muscle: Muscle, low: float, high: float, shift: float) -> None:
    for edge in course.edges:
        if low < edge < high:
            axis.axhline(edge, color=RULE, linewidth=0.8, zorder=0)
    for n, side in enumerate((Side.RIGHT, Side.LEFT)):
        style = SIDE_STYLE[side]
        move = shift * (1 if side is Side.LEFT else -1)
        _line(axis, course.points.get((muscle, side), ()), move, style)
        note = course.notes.get((muscle, side), "")
        axis.text(
            0, 1.095 - 0.065 * n, note, transform=axis.transAxes, fontsize=_SMALL, color=style["color"], va="center", parse_math=False
        )
    axis.text(
        0, 1.18, muscle.replace("_", " ").capitalize(), transform=axis.transAxes, fontsize=_TEXT, color=INK, weight="bold", va="center"
    )
    axis.set_ylim(low, high)
    _time_axis(axis, course)
    axis.tick_params(labelsize=_SMALL, colors=INK, length=3)
    for name in ("top", "right"):
        axis.spines[name].set_visible(False)


def _line(axis: Any, points: Sequence[Point], move: float, style: dict[str, Any]) -> None:
    for a, b in pairwise(points):
        if a.method == b.method:
            axis.plot([a.x + move, b.x + move], [a.fat, b.fat], color=style["color"], linestyle=style["linestyle"], linewidth=1.3, zorder=2)
    for p in points:
        if not math.isnan(p.low):
            bars = [[max(0.0, p.fat - p.low)], [max(0.0, p.high - p.fat)]]
            axis.errorbar([p.x + move], [p.fat], yerr=bars, color=style["color"], capsize=3, linewidth=1.2, zorder=3, linestyle="none")
        inside = "white" if p.doubtful else style["color"]
        axis.plot([p.x + move], [p.fat], marker=style["marker"], markersize=5.0, color=style["color"], markerfacecolor=inside, zorder=4)


def _time_axis(axis: Any, course: Course) -> None:
    axis.set_xlabel(course.x_label, fontsize=_TEXT, color=INK)
    places = [p.x for points in course.points.values() for p in points] or [0.0, 1.0]
    if course.ticks:
        places += [at for at, _ in course.ticks]
        axis.set_xticks([at for at, _ in course.ticks], [name for _, name in course.ticks])
    else:
        axis.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    first, last = min(places), max(places)
    room = 0.12 * (last - first) or 1.0
    axis.set_xlim(first - room, last + room)


def _limits(course: Course) -> tuple[float, float]:
    """Of the axis, percent: from 0 (T1 may read below) to a little above the highest bar."""
    ends = [v for points in course.points.values() for p in points for v in (p.fat, p.low, p.high) if not math.isnan(v)]
    low = min(0.0, *ends, 0.0)
    high = max([_LEAST_TOP, *(v + _ROOM for v in ends)])
    return (low - 1 if low < 0 else 0.0), max(high, 100.0) if high > 100 else min(100.0, 5 * math.ceil(high / 5))


def _shift(course: Course) -> float:
    """Half the distance between the sides' bars, so that they do not hide each other; small where the axis counts days."""
    places = [p.x for points in course.points.values() for p in points]
    return (0.02 if course.ticks else 0.01) * (max(places) - min(places)) if len(set(places)) > 1 else 0.02


def _unjoined(course: Course) -> str:
    several = any(len({p.method for p in points}) > 1 for points in course.points.values())
    return " Different methods are not joined." if several else ""


def _grade_names(axis: Any, edges: Sequence[float], low: float, high: float) -> None:
    """The Quartile grade between its edges, at the right border of the last panel."""
    if not edges:
        return
    bounds = [0.0, *edges, 100.0]
    for grade, (lower, upper) in enumerate(pairwise(bounds)):
        bottom, top = max(lower, low), min(upper, high)
        if top - bottom > 0.03 * (high - low):
            y = (bottom + top) / 2
            axis.text(1.02, y, f"Q{grade}", transform=axis.get_yaxis_transform(), fontsize=_SMALL, color=FAINT, va="center")


def _legend(figure: Any, course: Course) -> None:
    shown = {side for _, side in course.points}
    handles = [
        Line2D([], [], markersize=5.0, linewidth=1.3, label=side, **SIDE_STYLE[side]) for side in (Side.RIGHT, Side.LEFT) if side in shown
    ]
    if any(p.doubtful for points in course.points.values() for p in points):
        label = "label needs review, or muscle cut"
        handles.append(Line2D([], [], marker="o", markersize=5.0, linestyle="none", color=INK, markerfacecolor="white", label=label))
    if course.edges:
        handles.append(Line2D([], [], color=RULE, linewidth=0.8, label="edges of Quartile grades Q0 to Q4"))
    if handles:
        figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.06, 0.045), ncols=4, frameon=False, fontsize=_SMALL)
