"""What `gluteal-grade compare -o OUT` writes."""

from __future__ import annotations

import math
from pathlib import Path

from gluteal_grade.cohort.change.cautions import Caution
from gluteal_grade.cohort.change.course import Course, joined, points_of
from gluteal_grade.cohort.change.models import Change, Comparison
from gluteal_grade.cohort.change.rows import write_csv
from gluteal_grade.cohort.change.words import signed
from gluteal_grade.files import whole
from gluteal_grade.report.readings import quartile_edges
from gluteal_grade.result.models import StudyResult
from gluteal_grade.vocabulary import Muscle, Region, Side


def write_comparison(comparison: Comparison, prior: StudyResult, current: StudyResult, out: Path) -> tuple[Path, ...]:
    """Write `compare.csv`, `compare.json` and `trend.png` to a folder, each whole or not at all.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    from gluteal_grade.cohort.change.picture import draw_course

    table, text = out / "compare.csv", out / "compare.json"
    write_csv(comparison, table)
    with whole(text) as scratch:
        scratch.write_text(comparison.to_json(), encoding="utf-8")
    return table, text, draw_course(course_of(comparison, prior, current), out / "trend.png")


def course_of(comparison: Comparison, prior: StudyResult, current: StudyResult) -> Course:
    """The picture of two studies."""
    days = "" if comparison.days is None else f" ({comparison.days} days apart)"
    return Course(
        points=joined([points_of(prior, 0), points_of(current, 1)]),
        notes=notes_of(comparison.changes),
        x_label=f"study{days}",
        ticks=((0, "prior"), (1, "current")),
        edges=tuple(100 * edge for edge in quartile_edges(prior, current)),
        title=f"Fat fraction, study {comparison.prior.study} to {comparison.current.study}",
    )


def notes_of(changes: tuple[Change, ...]) -> dict[tuple[Muscle, Side], str]:
    """One line per whole muscle and side for the head of its panel."""
    return {(c.muscle, c.side): f"{c.side} {_note(c)}" for c in changes if c.region is Region.WHOLE}


def _note(c: Change) -> str:
    why = (c.reason or "").replace("_", " ")  # the code: a panel's head has room for it
    if math.isnan(c.fat_change_points):
        return f"not compared: {why}"
    points = f"{signed(c.fat_change_points, 1)} points"
    review = ", review" if {Caution.PRIOR_NEEDS_REVIEW, Caution.CURRENT_NEEDS_REVIEW} & set(c.cautions) else ""
    if c.beyond_sdc is None:
        return f"{points}, not judged: {why}{review}"
    return f"{points}, {'beyond' if c.beyond_sdc else 'within'} SDC of {c.sdc_points:.1f}{review}"
