"""Readers' grades beside what was measured of the same muscles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from gluteal_grade.grading import Profile
from gluteal_grade.review.agreement import Ratings, ScaleRatings
from gluteal_grade.review.calibration.fractions import Fractions, Measured
from gluteal_grade.review.calibration.model import Paired
from gluteal_grade.review.model import PROGRAM
from gluteal_grade.statistics import Floats
from gluteal_grade.vocabulary import Muscle


@dataclass(frozen=True)
class Pairs:
    """What was counted on one scale, and what was not.

    Attributes:
        paired: muscles with a value and a reader's grade.
        left_out: why rated muscles did not count, and how many.
        methods: how fat was measured, and of how many muscles that count.
        highest: grade that a reader gave.
        lowest: grade that a reader gave.
    """

    paired: Paired
    left_out: dict[str, int]
    methods: dict[str, int]
    highest: int
    lowest: int


def pairs(ratings: Ratings, scale: ScaleRatings, profile: Profile, fractions: Fractions, include: tuple[str, ...]) -> Pairs:
    """The first read of each reader, the program not, beside the quantity that the profile grades.

    Studies of one patient count as one study. Studies and muscles are put in an order of their values: neither names nor the order of
    lines make a difference.
    """
    columns: dict[str, int] = {}
    for column, rater in enumerate(scale.raters):  # sorted: the first read comes first
        if rater.reader != PROGRAM and np.isfinite(scale.values[:, column]).any():
            columns.setdefault(rater.reader, column)
    grades = _grades(scale)[:, list(columns.values())]
    left: Counter[str] = Counter()
    methods: Counter[str] = Counter()
    rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for n in np.flatnonzero(np.isfinite(grades).any(axis=1)):
        study, muscle, side = ratings.names[scale.study[n]], str(scale.muscle[n]), str(scale.side[n])
        measured = fractions.muscles.get((study, muscle, side))
        if why := _why_not(measured, muscle, side, profile, include):
            left[why] += 1
            continue
        assert measured is not None
        methods[measured.method] += 1
        patient = fractions.patients.get(study)
        rows.setdefault((study, "") if patient is None else ("", patient), []).append((measured.values[profile.measure], *grades[n]))
    seen = grades[np.isfinite(grades)]
    studies = sorted(sorted(map(_sortable, one)) for one in rows.values())
    table = np.array([row for one in studies for row in one], float).reshape(-1, 1 + len(columns))
    table[table < 0] = np.nan
    number = np.repeat(np.arange(len(studies)), [len(one) for one in studies])
    found = Paired(tuple(columns), number, table[:, 0], table[:, 1:])
    ends = (int(seen.max()), int(seen.min())) if len(seen) else (0, 0)
    return Pairs(found, dict(left), {name: n for name, n in methods.items() if name}, *ends)


def _grades(scale: ScaleRatings) -> Floats:
    """As numbers that stand in the table: the places of an unknown scale begin at its lowest grade."""
    return scale.values + float(scale.scale.categories[0])


def _sortable(row: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(-1.0 if v != v else float(v) for v in row)


def _why_not(measured: Measured | None, muscle: str, side: str, profile: Profile, include: tuple[str, ...]) -> str:
    """Empty where a muscle counts."""
    if not (muscle and side):
        return "not of a muscle and a side"
    if not profile.grades(Muscle(muscle)):
        return "muscle that the profile does not grade"
    if measured is None:
        return "not measured"
    if measured.status and measured.status not in include:
        return f"status {measured.status}"
    value = measured.values.get(profile.measure, float("nan"))
    return "" if 0 <= value <= 1 else f"no {profile.measure}"
