"""Intervals, borderline grades, norms and statements in words."""

from __future__ import annotations

import math
from functools import cache

from gluteal_grade.grading import load_scales
from gluteal_grade.result import Grade, MuscleResult, NormScore, StudyResult, primary_of
from gluteal_grade.vocabulary import Region

NO_INTERVAL = "–"
_EXACT = 1e-6
_NORM_WORDS = {"volume_ml": "volume", "fat_fraction": "fat", "fat_fraction_core": "fat"}


def interval_text(m: MuscleResult) -> str:
    """E.g. ``11.2–13.0``, points; a dash where there is none."""
    fat = m.fat_shown
    if math.isnan(fat.low) or math.isnan(fat.high):
        return NO_INTERVAL
    return f"{100 * fat.low:.1f}–{100 * fat.high:.1f}"


def grade_text(grade: Grade | None) -> str:
    """E.g. ``2``, or ``2 or 1`` where it is borderline; a dash where there is none."""
    if grade is None or grade.grade is None:
        return "–"
    return str(grade.grade) if grade.borderline_with is None else f"{grade.grade} or {grade.borderline_with}"


def probability_text(probability: float) -> str:
    """E.g. ``97 %``; what rounds to all or nothing is said so; empty where there is none."""
    if math.isnan(probability):
        return ""
    if probability >= 0.995:
        return ">99 %"
    return "<1 %" if probability <= 0.005 else f"{100 * probability:.0f} %"


def z_text(z: float) -> str:
    """E.g. ``+1.2``; what rounds to nothing has no sign; a dash where there is none."""
    if math.isnan(z):
        return NO_INTERVAL
    return f"{round(z, 1):+.1f}" if round(z, 1) else "0.0"


def percentile_text(percentile: float) -> str:
    """E.g. ``88th``; beyond the first and the last, as ``below 1st``; empty where there is none."""
    if math.isnan(percentile):
        return ""
    if percentile < 0.5:
        return "below 1st"
    if percentile >= 99.5:
        return "above 99th"
    number = round(percentile)
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def primary_edges(*results: StudyResult) -> tuple[float, ...]:
    """Edges of the primary scale that the results were graded with, fractions; none if they differ or are not known here."""
    scale = primary_of(results[0]).key
    graded = [(m, g) for r in results for m in r.muscles for g in m.grades if g.scale == scale and g.grade is not None]
    used = {(g.profile, g.measure.removesuffix("_core")) for _, g in graded}
    if len(used) != 1:
        return ()
    profile, measure = used.pop()
    told = {r.provenance.scales[scale].edges if scale in r.provenance.scales else _shipped_edges(scale, profile) for r in results}
    if measure != "fat_fraction" or len(told) != 1:
        return ()
    edges = told.pop()
    # results of old versions: a lab's own scales file may have other edges under the same name, and the margins tell
    own = any(min((abs(getattr(m, g.measure) - g.margin - at) for at in edges), default=1) > _EXACT for m, g in graded)
    return () if own else edges


@cache
def _shipped_edges(scale: str, profile: str) -> tuple[float, ...]:
    """None where the profile is not shipped; read once, as a batch makes thousands of reports."""
    rule = load_scales().scales.get(scale)
    found = rule.profiles.get(profile) if rule else None
    return tuple(edge.at for edge in found.edges) if found and found.measure.startswith("fat_fraction") else ()


def norm_lines(result: StudyResult) -> tuple[str, ...]:
    """The primary set's scores in one line, its protocol, and why there are none where there could have been."""
    if result.norms is None:
        return ()
    texts = [t for m in result.muscles if (t := _scored(m))]
    if texts:
        told = (f"z against healthy {'men' if result.norms.sex == 'M' else 'women'}: {'; '.join(texts)}.",)
        return (*told, *(f"{caveat}." for caveat in norm_caveats(result)), *(f"Not used: {one}." for one in norms_not_used(result)))
    reasons = tuple(dict.fromkeys(m.no_norm.detail for m in result.muscles if m.no_norm))
    return (f"none: {'; '.join(reasons)}.",) if reasons else ()


def norms_shown(m: MuscleResult) -> tuple[NormScore, ...]:
    """Of fat and volume the score to show."""
    return tuple(n for n in (m.norm("volume_ml"), m.fat_norm) if n is not None) if m.region is Region.WHOLE else ()


def norm_caveats(result: StudyResult) -> tuple[str, ...]:
    """Whose norms the scores that are shown are of."""
    used = dict.fromkeys(n.source for m in result.muscles for n in norms_shown(m))
    return tuple(result.norms.sources[name] for name in used if name in result.norms.sources) if result.norms else ()


def norms_not_used(result: StudyResult) -> tuple[str, ...]:
    """Other norms of the same fat method, each with why it was not used."""
    return tuple(f"{name}: {why}" for name, why in result.norms.not_used.items()) if result.norms else ()


def statement_lines(result: StudyResult) -> tuple[str, ...]:
    """Each statement with its source."""
    return tuple(f"{s.text} ({s.source})" for s in result.statements)


def _scored(m: MuscleResult) -> str:
    shown = norms_shown(m)
    return f"{m.side} {m.muscle.short} " + ", ".join(f"{_NORM_WORDS[n.quantity]} {n.z:+.1f}" for n in shown) if shown else ""
