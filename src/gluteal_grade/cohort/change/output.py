"""What `gluteal-grade compare -o OUT` writes: the table, the JSON and the picture."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from gluteal_grade.cohort.change.cautions import Caution, signed
from gluteal_grade.cohort.change.course import Course, draw_course, edges_of, points_of, sdc_note
from gluteal_grade.cohort.change.models import Change, Comparison, GradeChange
from gluteal_grade.files import whole
from gluteal_grade.grading import known_scales
from gluteal_grade.result import StudyResult, primary_of, scales_by_key, told_scales
from gluteal_grade.vocabulary import Muscle, Region, Scale, Side

_SCAN = (
    ("status", None),
    ("reason", None),
    ("method", None),
    ("coverage", 3),
    ("fat_fraction", 4),
    ("fat_fraction_low", 4),
    ("fat_fraction_high", 4),
    ("fat_fraction_core", 4),
    ("fat_fraction_core_low", 4),
    ("fat_fraction_core_high", 4),
    ("volume_ml", 2),
    ("lean_volume_ml", 2),
    ("lean_volume_core_ml", 2),
)
_CHANGE = (
    ("fat_measure", None),
    ("fat_change_points", 2),
    ("fat_change_low", 2),
    ("fat_change_high", 2),
    ("sdc_points", 2),
    ("beyond_sdc", None),
    ("reason", None),
    ("volume_change_ml", 2),
    ("volume_change_percent", 2),
    ("lean_volume_change_ml", 2),
    ("lean_volume_change_percent", 2),
    ("volume_reason", None),
    ("volume_sdc_ml", 2),
    ("volume_sdc_reason", None),
)
_BY_SITE = (("sdc_source", None), ("volume_beyond_sdc", None))  # new columns go to the end
_GRADE = (("prior", 0), ("current", 0), ("change", 0), ("rose", 3), ("fell", 3), ("stayed", 3))


def columns(scales: Sequence[Scale]) -> tuple[str, ...]:
    """Of `compare.csv`."""
    return (
        *("study_prior", "study_current", "days", "side", "muscle", "region"),
        *(name for name, _ in _CHANGE),
        *(f"{scale.key}_{name}" for scale in scales for name, _ in _GRADE),
        *(f"{name}_{which}" for name, _ in _SCAN for which in ("prior", "current")),
        *("cautions", "words"),
        *(name for name, _ in _BY_SITE),
    )


def scales_of(comparison: Comparison) -> tuple[Scale, ...]:
    """On which both studies were graded; the shipped ones where nothing was."""
    keys = dict.fromkeys(g.scale for change in comparison.changes for g in change.grades)
    told = told_scales(comparison.current.provenance)
    order = [scale.key for scale in told or known_scales()]
    found = scales_by_key(sorted(keys, key=lambda key: order.index(key) if key in order else len(order)), told)
    return found or known_scales()


def rows(comparison: Comparison, scales: Sequence[Scale] | None = None) -> list[dict[str, str]]:
    """One row per muscle or region and side, values as text; numbers that are missing ``NaN``, words that are missing empty."""
    head = {
        "study_prior": comparison.prior.study,
        "study_current": comparison.current.study,
        "days": "" if comparison.days is None else str(comparison.days),
    }
    graded = scales_of(comparison) if scales is None else scales
    return [head | _row(change, graded) for change in comparison.changes]


def write_csv(comparison: Comparison, path: Path) -> None:
    """`compare.csv`: UTF-8, comma, full stop, header line, LF.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    with whole(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns(scales_of(comparison)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(comparison))


def _row(change: Change, scales: Sequence[Scale]) -> dict[str, str]:
    graded: dict[str, GradeChange] = {g.scale: g for g in change.grades}
    scans = {"prior": change.prior, "current": change.current}
    return {
        "side": change.side,
        "muscle": change.muscle,
        "region": change.region,
        **{name: _text(getattr(change, name), digits) for name, digits in _CHANGE},
        **{f"{scale.key}_{name}": _grade(graded.get(scale.key), name, digits) for scale in scales for name, digits in _GRADE},
        **{f"{name}_{which}": _text(getattr(scan, name), digits) for name, digits in _SCAN for which, scan in scans.items()},
        "cautions": ";".join(change.cautions),
        "words": change.words,
        **{name: _text(getattr(change, name), digits) for name, digits in _BY_SITE},
    }


def _grade(graded: GradeChange | None, name: str, digits: int) -> str:
    value = getattr(graded, name) if graded else None
    return "NaN" if value is None else _text(value, digits)


def _text(value: object, digits: int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "NaN" if math.isnan(value) else f"{round(value, digits or 0) + 0.0:.{digits or 0}f}"  # + 0.0: no minus zero
    return str(value)


def write_comparison(comparison: Comparison, prior: StudyResult, current: StudyResult, out: Path) -> tuple[Path, ...]:
    """Write `compare.csv`, `compare.json` and `trend.png` to a folder, each whole or not at all.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    table, text = out / "compare.csv", out / "compare.json"
    write_csv(comparison, table)
    with whole(text) as scratch:
        scratch.write_text(comparison.to_json(), encoding="utf-8", newline="\n")
    return table, text, draw_course(course_of(comparison, prior, current), out / "trend.png")


def course_of(comparison: Comparison, prior: StudyResult, current: StudyResult) -> Course:
    """The picture of two studies."""
    days = "" if comparison.days is None else f" ({comparison.days} days apart)"
    points = points_of(((0, prior), (1, current)))
    return Course(
        sdc_note=sdc_note(comparison.site is not None),
        points=points,
        notes=notes_of(comparison.changes),
        x_label=f"study{days}",
        ticks=((0, "prior"), (1, "current")),
        edges=edges_of(points, (prior, current)),
        scale=primary_of(current).title,
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
