"""Fat fractions of one patient over time, ready to draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gluteal_grade.anatomy import Muscle, Region, Side
from gluteal_grade.cohort.change.compare import was_cut
from gluteal_grade.grading.scales import Scales, load_scales
from gluteal_grade.results import MuscleStatus, StudyResult

_EXACT = 1e-6

SDC_NOTE = "SDC: smallest detectable change by the stated uncertainty alone, a lower bound. Bars: 95 % intervals."


@dataclass(frozen=True)
class Point:
    """One whole muscle in one study.

    Attributes:
        x: days, or 0 and 1 for prior and current.
        fat, low, high: percent; bounds NaN where there are none.
        method: how fat was measured; points of different methods are not joined.
        doubtful: the label needs review, or the field of view cuts the muscle.
    """

    x: float
    fat: float
    low: float
    high: float
    method: str
    doubtful: bool


@dataclass(frozen=True)
class Course:
    """One patient's whole muscles.

    Attributes:
        points: by muscle and side, in order of time; only what was measured.
        notes: one line per muscle and side for the panel's head, may be empty.
        x_label: of the time axis.
        ticks: places and names on it, if not days.
        edges: grade edges of the Quartile scale, percent.
        title: of the picture.
    """

    points: dict[tuple[Muscle, Side], tuple[Point, ...]]
    notes: dict[tuple[Muscle, Side], str]
    x_label: str
    ticks: tuple[tuple[float, str], ...]
    edges: tuple[float, ...]
    title: str


def points_of(result: StudyResult, x: float) -> dict[tuple[Muscle, Side], Point]:
    """Whole muscles of one study that have a fat fraction."""
    return {
        (m.muscle, m.side): Point(
            x,
            100 * m.fat_fraction,
            100 * m.fat_fraction_low,
            100 * m.fat_fraction_high,
            m.method or "",
            m.status is MuscleStatus.NEEDS_REVIEW or was_cut(m),
        )
        for m in result.muscles
        if m.region is Region.WHOLE and not math.isnan(m.fat_fraction)
    }


def joined(points: Sequence[dict[tuple[Muscle, Side], Point]]) -> dict[tuple[Muscle, Side], tuple[Point, ...]]:
    """Points of several studies as one line per muscle and side."""
    keys = dict.fromkeys(key for one in points for key in one)
    return {key: tuple(one[key] for one in points if key in one) for key in keys}


def quartile_edges(results: Sequence[StudyResult], scales: Scales | None = None) -> tuple[float, ...]:
    """Edges of the Quartile scale that the results were graded with, percent; none if they differ or are not known here."""
    known = (scales or load_scales()).scales["quartile"].profiles
    graded = [(m.fat_fraction, g) for r in results for m in r.muscles for g in m.grades if g.scale == "quartile" and g.grade is not None]
    used = {(g.profile, g.measure) for _, g in graded}
    if len(used) != 1:
        return ()
    profile, measure = used.pop()
    if profile not in known or not known[profile].measure == measure == "fat_fraction":
        return ()
    edges = tuple(e.at for e in known[profile].edges)
    # a lab's own scales file may have other edges under the same name: the margins tell
    own = any(min(abs(fat - g.margin - at) for at in edges) > _EXACT for fat, g in graded)
    return () if own else tuple(100 * at for at in edges)
