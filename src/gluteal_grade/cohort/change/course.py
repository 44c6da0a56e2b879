"""Fat fractions of one patient over time, ready to draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gluteal_grade.cohort.change.compare import was_cut
from gluteal_grade.result.models import MuscleStatus, StudyResult
from gluteal_grade.vocabulary import Muscle, Region, Side

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
