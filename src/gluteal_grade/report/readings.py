"""Intervals, borderline grades, norms and statements in words."""

from __future__ import annotations

import math

from gluteal_grade.anatomy import Region
from gluteal_grade.results import Grade, MuscleResult, StudyResult

NO_INTERVAL = "–"


def interval_text(m: MuscleResult) -> str:
    """E.g. ``11.2–13.0``, points; a dash where there is none."""
    if math.isnan(m.fat_fraction_low) or math.isnan(m.fat_fraction_high):
        return NO_INTERVAL
    return f"{100 * m.fat_fraction_low:.1f}–{100 * m.fat_fraction_high:.1f}"


def grade_text(grade: Grade | None) -> str:
    """E.g. ``2``, or ``2 or 1`` where it is borderline; a dash where there is none."""
    if grade is None or grade.grade is None:
        return "–"
    return str(grade.grade) if grade.borderline_with is None else f"{grade.grade} or {grade.borderline_with}"


def norm_lines(result: StudyResult) -> tuple[str, ...]:
    """The primary set's scores in one line, its protocol, and why there are none where there could have been."""
    if result.norms is None:
        return ()
    scores = [_scored(m, result.norms.primary) for m in result.muscles]
    texts = [t for t in scores if t]
    if texts:
        caveat = result.norms.sources.get(result.norms.primary, "")
        return (f"z against healthy {'men' if result.norms.sex == 'M' else 'women'}: {'; '.join(texts)}.", f"{caveat}.")
    reasons = tuple(dict.fromkeys(m.no_norm.detail for m in result.muscles if m.no_norm))
    return (f"none: {'; '.join(reasons)}.",) if reasons else ()


def statement_lines(result: StudyResult) -> tuple[str, ...]:
    """Each statement with its source."""
    return tuple(f"{s.text} ({s.source})" for s in result.statements)


def _scored(m: MuscleResult, primary: str) -> str:
    z = {n.quantity: n.z for n in m.norms if n.source == primary}
    if m.region is not Region.WHOLE or not z:
        return ""
    words = {"volume_ml": "volume", "fat_fraction": "fat"}
    return f"{m.side} {m.muscle.removeprefix('gluteus_')} " + ", ".join(f"{words[q]} {v:+.1f}" for q, v in z.items())
