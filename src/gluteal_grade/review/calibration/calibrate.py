"""From ratings and fractions to edges, or to why there are none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gluteal_grade.errors import Reason
from gluteal_grade.grading import Scales
from gluteal_grade.review.agreement import Ratings, ScaleRatings
from gluteal_grade.review.agreement.scales import Kind
from gluteal_grade.review.calibration.bar import bar_of
from gluteal_grade.review.calibration.estimate import edges_found
from gluteal_grade.review.calibration.fractions import Fractions
from gluteal_grade.review.calibration.model import CalibrationOptions, CalibrationReport, EdgeFound, Paired, ScaleCalibration
from gluteal_grade.review.calibration.pairing import Pairs, pairs

MIN_STUDIES = 20  # fewer: intervals do not hold the truth often enough (docs/howto/calibration.md)
MIN_STUDIES_OF_GRADE = 5  # of each reader: fewer, and resamples lack the grade
_OTHERS = ("quality", "bursa")  # ordered or not, no scale of fat


@dataclass(frozen=True)
class _Why:
    reason: Reason
    detail: str


def calibrate_scales(ratings: Ratings, fractions: Fractions, scales: Scales, options: CalibrationOptions) -> CalibrationReport:
    """Every ordered scale that was rated.

    Args:
        ratings: of two readers or more; the program's grades are not looked at.
        fractions: measured.
        scales: the scales file in use; its active profiles say what is measured and which edges are replaced.
        options: how.
    """
    rated = [s for s in ratings.scales if s.scale.kind is Kind.ORDINAL and s.scale.name not in _OTHERS]
    return CalibrationReport(options, scales, tuple(_scale(ratings, s, fractions, scales, options) for s in rated), fractions.source)


def _scale(ratings: Ratings, rated: ScaleRatings, fractions: Fractions, scales: Scales, options: CalibrationOptions) -> ScaleCalibration:
    key = rated.scale.name
    rule = scales.scales.get(key)
    if rule is None:
        told = f"there are {', '.join(scales.scales)}"
        return ScaleCalibration(key, rated.scale.title, None, reason=Reason.SCALE_UNKNOWN, detail=told)
    base = rule.active
    found = pairs(ratings, rated, base, fractions, options.include)
    facts = {"left_out": found.left_out, "methods": found.methods, "paired": found.paired}
    why = _too_little(found, len(base.edges))
    if why is not None:
        return ScaleCalibration(key, rule.title, base, reason=why.reason, detail=why.detail, **facts)  # type: ignore[arg-type]
    edges, noise = edges_found(found.paired, tuple(edge.at for edge in base.edges))
    why = _unsure(edges)
    bar = bar_of(found.paired, base, options) if why is None and options.judge else None
    reason, detail = (why.reason, why.detail) if why else (None, "")
    return ScaleCalibration(key, rule.title, base, edges=edges, noise=noise, bar=bar, reason=reason, detail=detail, **facts)  # type: ignore[arg-type]


def _too_little(found: Pairs, edges: int) -> _Why | None:
    """Why no edges are looked for."""
    paired = found.paired
    if len(paired.readers) < 2:
        return _Why(Reason.ONE_READER, f"{len(paired.readers)} reader besides the program")
    if found.lowest < 0 or found.highest > edges:
        return _Why(Reason.SCALE_UNKNOWN, f"a grade beyond 0 to {edges}, which the scales file in use has")
    if not len(paired.values):
        told = ", ".join(f"{n} {why}" for why, n in found.left_out.items())
        return _Why(Reason.RATINGS_UNMATCHED, f"no muscle was both graded and measured{f' ({told})' if told else ''}")
    few = min(len(np.unique(paired.study[np.isfinite(column)])) for column in paired.grades.T)
    if few < MIN_STUDIES:
        return _Why(Reason.TOO_FEW_STUDIES, f"{few} studies of a reader; {MIN_STUDIES} are needed, 60 advised")
    return _rare(paired, edges + 1)


def _rare(paired: Paired, grades: int) -> _Why | None:
    for reader, column in enumerate(paired.grades.T, start=1):
        for grade in range(grades):
            studies = len(np.unique(paired.study[column == grade]))
            if studies < MIN_STUDIES_OF_GRADE:
                how = f"in {studies} studies only" if studies else "never"
                who = f"reader {reader} of {len(paired.readers)}"
                return _Why(Reason.GRADE_NOT_GIVEN, f"{who} gave grade {grade} {how}; {MIN_STUDIES_OF_GRADE} are needed")
    return None


def _unsure(edges: tuple[EdgeFound, ...]) -> _Why | None:
    """Why edges that were estimated are not good enough to grade by."""
    for edge in edges:
        if math.isnan(edge.at) or math.isnan(edge.interval.low) or edge.interval.note:
            return _Why(
                Reason.EDGES_UNSURE, f"edge {edge.name}: {edge.interval.note or 'the grades of a reader do not rise with the fraction'}"
            )
    ends = [0.0, *(edge.at for edge in edges), 1.0]
    for below, edge, above in zip(ends[:-2], edges, ends[2:], strict=True):
        width = edge.interval.high - edge.interval.low
        narrow = min(edge.at - below, above - edge.at)
        if not narrow > 0 or edge.interval.low <= 0 or edge.interval.high >= 1:
            return _Why(Reason.EDGES_UNSURE, f"edge {edge.name} or its interval lies beyond 0 to 100 % fat")
        if width > narrow:
            return _Why(
                Reason.EDGES_UNSURE,
                f"edge {edge.name}: its interval is {100 * width:.1f} points wide, the grade beside it {100 * narrow:.1f}",
            )
    for lower, upper in pairwise(edges):
        if lower.interval.high >= upper.interval.low:
            return _Why(Reason.EDGES_CROSS, f"edges {lower.name} and {upper.name}: their intervals overlap")
    return None


def unverified(one: ScaleCalibration) -> bool:
    """Grades by these edges are marked: those that they replace were, or the bar was not met."""
    return one.base is None or one.base.unverified or one.bar is None or not one.bar.met
