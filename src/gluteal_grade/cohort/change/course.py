"""One patient's fat fractions over time and their picture: a panel a muscle, both sides in it. Dark on white."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.change.compare import was_cut
from gluteal_grade.drawing import FAINT, INK, RULE, SIDES, Mark, blank_figure, hide_edges, save_png
from gluteal_grade.report import primary_edges
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, primary_of
from gluteal_grade.vocabulary import Muscle, Region, Side, muscles_among

SDC_NOTE = "SDC: smallest detectable change by the stated uncertainty alone, a lower bound. Bars: 95 % intervals."


@dataclass(frozen=True)
class Point:
    """One whole muscle in one study.

    Attributes:
        x: days, or 0 and 1 for prior and current.
        fat, low, high: percent; bounds NaN where there are none.
        method: how fat was measured; points of different methods are not joined.
        core: `fat_fraction_core` and not the mean over the label.
        doubtful: the label needs review, or the field of view cuts the muscle.
    """

    x: float
    fat: float
    low: float
    high: float
    method: str
    core: bool
    doubtful: bool


@dataclass(frozen=True)
class Course:
    """One patient's whole muscles.

    Attributes:
        points: by muscle and side, in order of time; only what was measured.
        notes: one line per muscle and side for the panel's head, may be empty.
        x_label: of the time axis.
        ticks: places and names on it, if not days.
        edges: grade edges of the primary scale, percent.
        scale: its title.
        title: of the picture.
        sdc_note: what the smallest detectable change rests on.
    """

    points: dict[tuple[Muscle, Side], tuple[Point, ...]]
    notes: dict[tuple[Muscle, Side], str]
    x_label: str
    ticks: tuple[tuple[float, str], ...]
    edges: tuple[float, ...]
    scale: str
    title: str
    sdc_note: str = SDC_NOTE


def sdc_note(site: bool) -> str:
    """One sentence on what the smallest detectable change rests on.

    Args:
        site: a site file was given.
    """
    return "SDC: repeatability of the site file, a lower bound where it has none. Bars: 95 % intervals." if site else SDC_NOTE


Points = dict[tuple[Muscle, Side], tuple[Point, ...]]


def points_of(results: Sequence[tuple[float, StudyResult]]) -> Points:
    """Whole muscles that have a fat fraction: one line per muscle and side, of the core value where all its studies are graded by it.

    Args:
        results: x and result of each study, in order of time.
    """
    lines: dict[tuple[Muscle, Side], list[tuple[float, MuscleResult]]] = {}
    for x, result in results:
        for m in result.muscles:
            if m.region is Region.WHOLE and not math.isnan(m.fat_fraction):
                lines.setdefault((m.muscle, m.side), []).append((x, m))
    return {key: _line_of(line) for key, line in lines.items()}


def _line_of(line: Sequence[tuple[float, MuscleResult]]) -> tuple[Point, ...]:
    core = all(m.fat_shown.core for _, m in line)
    points = []
    for x, m in line:
        value, low, high, _ = m.fat(core=core)
        points.append(
            Point(x, 100 * value, 100 * low, 100 * high, m.method or "", core, m.status is MuscleStatus.NEEDS_REVIEW or was_cut(m))
        )
    return tuple(points)


def edges_of(points: Points, results: Sequence[StudyResult]) -> tuple[float, ...]:
    """Grade edges to draw, percent; none where they are edges of another fat fraction than the one that is drawn."""
    primary = primary_of(results[0]).key
    graded_by_core = {g.measure.endswith("_core") for r in results for m in r.muscles for g in m.grades if g.scale == primary}
    drawn_core = {p.core for line in points.values() for p in line}
    return tuple(100 * edge for edge in primary_edges(*results)) if graded_by_core == drawn_core else ()


_WIDTH, _HEIGHT = 10.0, 4.3  # inches
_SMALL, _TEXT, _TITLE = 8.0, 9.0, 11.0
_ROOM = 4.0  # points of fat fraction above the highest bar
_LEAST_TOP = 30.0


def draw_course(course: Course, path: Path) -> Path:
    """Write the picture, PNG.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    from gluteal_grade.drawing import drawing_style

    with drawing_style():
        figure = blank_figure(_WIDTH, _HEIGHT, layout=None)
        muscles = muscles_among(muscle for muscle, _ in course.points)
        axes = figure.subplots(1, len(muscles), sharey=True)
        figure.subplots_adjust(left=0.07, right=0.945, top=0.78, bottom=0.21, wspace=0.1)
        low, high = _limits(course)
        shift = _shift(course)
        for axis, muscle in zip(axes, muscles, strict=True):
            _panel(axis, course, muscle, low, high, shift)
        core = " (core)" if all(p.core for line in course.points.values() for p in line) else ""
        axes[0].set_ylabel(f"fat fraction{core}, %", fontsize=_TEXT, color=INK)
        _grade_names(axes[-1], course, low, high)
        figure.text(0.07, 0.965, course.title, fontsize=_TITLE, color=INK, va="top", weight="bold", parse_math=False)
        _legend(figure, course)
        figure.text(0.07, 0.018, f"{course.sdc_note}{_unjoined(course)} Research use.", fontsize=_SMALL, color=FAINT, va="bottom")
        return save_png(figure, path)


def _panel(axis: Any, course: Course, muscle: Muscle, low: float, high: float, shift: float) -> None:
    for edge in course.edges:
        if low < edge < high:
            axis.axhline(edge, color=RULE, linewidth=0.8, zorder=0)
    for n, side in enumerate((Side.RIGHT, Side.LEFT)):
        mark = SIDES[side]
        move = shift * (1 if side is Side.LEFT else -1)
        _line(axis, course.points.get((muscle, side), ()), move, mark)
        note = course.notes.get((muscle, side), "")
        axis.text(0, 1.095 - 0.065 * n, note, transform=axis.transAxes, fontsize=_SMALL, color=mark.colour, va="center", parse_math=False)
    axis.text(
        0, 1.18, muscle.replace("_", " ").capitalize(), transform=axis.transAxes, fontsize=_TEXT, color=INK, weight="bold", va="center"
    )
    axis.set_ylim(low, high)
    _time_axis(axis, course)
    axis.tick_params(labelsize=_SMALL, colors=INK, length=3)
    hide_edges(axis, "top", "right")


def _line(axis: Any, points: Sequence[Point], move: float, mark: Mark) -> None:
    for a, b in pairwise(points):
        if a.method == b.method:
            axis.plot([a.x + move, b.x + move], [a.fat, b.fat], color=mark.colour, linestyle=mark.line, linewidth=1.3, zorder=2)
    for p in points:
        if not math.isnan(p.low):
            bars = [[max(0.0, p.fat - p.low)], [max(0.0, p.high - p.fat)]]
            axis.errorbar([p.x + move], [p.fat], yerr=bars, color=mark.colour, capsize=3, linewidth=1.2, zorder=3, linestyle="none")
        inside = "white" if p.doubtful else mark.colour
        axis.plot([p.x + move], [p.fat], marker=mark.marker, markersize=5.0, color=mark.colour, markerfacecolor=inside, zorder=4)


def _time_axis(axis: Any, course: Course) -> None:
    axis.set_xlabel(course.x_label, fontsize=_TEXT, color=INK)
    places = [p.x for points in course.points.values() for p in points] or [0.0, 1.0]
    if course.ticks:
        places += [at for at, _ in course.ticks]
        axis.set_xticks([at for at, _ in course.ticks], [name for _, name in course.ticks])
    else:
        from matplotlib.ticker import MaxNLocator

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


def _grade_names(axis: Any, course: Course, low: float, high: float) -> None:
    """The grade between its edges, at the right border of the last panel."""
    if not course.edges:
        return
    bounds = [0.0, *course.edges, 100.0]
    for grade, (lower, upper) in enumerate(pairwise(bounds)):
        bottom, top = max(lower, low), min(upper, high)
        if top - bottom > 0.03 * (high - low):
            y = (bottom + top) / 2
            axis.text(1.02, y, f"{course.scale[0]}{grade}", transform=axis.get_yaxis_transform(), fontsize=_SMALL, color=FAINT, va="center")


def _legend(figure: Any, course: Course) -> None:
    from matplotlib.lines import Line2D

    shown = {side for _, side in course.points}
    handles = [
        Line2D([], [], color=m.colour, marker=m.marker, linestyle=m.line, markersize=5.0, linewidth=1.3, label=side)
        for side, m in SIDES.items()
        if side in shown
    ]
    if any(p.doubtful for points in course.points.values() for p in points):
        label = "label needs review, or muscle cut"
        handles.append(Line2D([], [], marker="o", markersize=5.0, linestyle="none", color=INK, markerfacecolor="white", label=label))
    if course.edges:
        letter = course.scale[0]
        label = f"edges of {course.scale} grades {letter}0 to {letter}{len(course.edges)}"
        handles.append(Line2D([], [], color=RULE, linewidth=0.8, label=label))
    if handles:
        figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.06, 0.045), ncols=4, frameon=False, fontsize=_SMALL)
