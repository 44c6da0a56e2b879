"""The first lines of a report: one summary a clinician can read, and what must be looked at before any number."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from gluteal_grade.errors import ADVICE, Reason
from gluteal_grade.report.html.numbers import fat_phrase, gap, number, percent, signed
from gluteal_grade.report.html.prior import Prior
from gluteal_grade.report.readings import grade_text
from gluteal_grade.report.words import joined, muscle_name, plain, why_text
from gluteal_grade.result import MetalSide, MuscleResult, MuscleStatus, StudyResult, StudyStatus, primary_of
from gluteal_grade.vocabulary import Method, Part, Region, Side

_FIXED = "\N{NO-BREAK SPACE}"
_SOUND = (MuscleStatus.GRADED, MuscleStatus.PARTIAL)


@dataclass(frozen=True)
class Alert:
    """One thing to look at first.

    Attributes:
        head: what it is about.
        text: what was found.
        advice: what to do, may be empty.
        mark: ``review``, ``missing`` or ``partial``, for its look.
    """

    head: str
    text: str
    advice: str
    mark: str


def summary(result: StudyResult, prior: Prior | None = None) -> tuple[str, ...]:
    """The summary, a few sentences: what needs review or is missing, grades, the sides, metal, the change. Never a diagnosis."""
    if result.status is StudyStatus.REFUSED:
        why = result.refusal.detail or why_text(result.refusal.reason) if result.refusal else ""
        return (f"This study was not graded{': ' if why else ''}{plain(why).rstrip(' .')}.",)
    said = [_in_doubt(result), _grades(result), _sides(result), _metal(result), _change(prior)]
    return tuple(s for s in said if s)


def alerts(result: StudyResult) -> tuple[Alert, ...]:
    """Muscles that need review, that were not measured, that are cut; needs review first. Of muscles beside the glutei their rows tell."""
    found: list[Alert] = []
    for side in Side:
        own = [m for m in _glutei(result) if m.side is side]
        if own and all(m.status is MuscleStatus.MISSING for m in own):
            reasons = tuple(dict.fromkeys(m.reason for m in own if m.reason))
            why = joined([why_text(r) for r in reasons])
            found.append(Alert(f"{side.capitalize()} side", f"not measured: {why}", joined_advice(reasons), "missing"))
            continue
        found += [w for m in own if (w := _alert(m)) is not None]
    order = ("review", "missing", "partial")
    return tuple(sorted(found, key=lambda w: order.index(w.mark)))


def part_name(m: MuscleResult) -> str:
    """E.g. ``left gluteus medius``."""
    return str(Part(m.muscle, m.region, m.side))


def shares(result: StudyResult, side: Side) -> str:
    """How much of each muscle beside metal could be measured, e.g. ``gluteus maximus 100 %, gluteus medius 85 %``."""
    own = [m for m in _whole(result) if m.side is side and not math.isnan(m.evaluable_share)]
    return ", ".join(f"{muscle_name(m.muscle).lower()} {percent(m.evaluable_share, 0)} %" for m in own)


def joined_advice(reasons: tuple[Reason, ...]) -> str:
    """What to do, each sentence once."""
    return " ".join(dict.fromkeys(ADVICE[r] for r in reasons))


def _whole(result: StudyResult) -> list[MuscleResult]:
    return [m for m in result.muscles if m.region is Region.WHOLE]


def _glutei(result: StudyResult) -> list[MuscleResult]:
    return [m for m in _whole(result) if not m.muscle.optional]


def _grades(result: StudyResult) -> str:
    sound = [m for m in _glutei(result) if m.status in _SOUND and not math.isnan(m.fat_fraction)]
    if not sound:
        return "No muscle can be read as it is: every one that was measured needs review."
    scale = primary_of(result)
    counts = Counter(g for m in sound if (g := m.grade(scale.key)) is not None)
    most = max(sound, key=lambda m: m.fat_shown.value)
    method = Method.known(most.method or "")
    rough = method.caution if method else ""
    cut = ", partly in view" if most.cut_at else ""
    grade = f", {scale.title}{_FIXED}{grade_text(most.graded(scale.key))}" if most.graded(scale.key) else ""
    counted = _counted(scale.title, counts, len(sound))
    return f"{counted}Most fat: {part_name(most)}{cut}, {fat_phrase(most)}{grade}{f' ({rough})' if rough else ''}."


def _counted(title: str, counts: Counter[int], muscles: int) -> str:
    """How many muscles have which grade, the highest first; empty where one muscle says it all."""
    if muscles == 1 or not counts:
        return ""
    if len(counts) == 1:
        return f"{title}{_FIXED}{next(iter(counts))} in all {muscles} muscles. "
    (first, n), *others = sorted(counts.items(), reverse=True)
    rest = ", ".join(f"{grade} in {number}" for grade, number in others)
    return f"{title}{_FIXED}{first} in {n} of {muscles} muscles, {rest}. "


def _sides(result: StudyResult) -> str:
    """The largest difference between two sides that need no review."""
    known = [
        a
        for a in result.asymmetry
        if a.region is Region.WHOLE and not a.muscle.optional and a.reason is None and not math.isnan(a.fat_fraction_difference_points)
    ]
    if not known:
        return ""
    most = max(known, key=lambda a: abs(result.points_shown(a)))
    points = result.points_shown(most)
    if abs(points) < 1:
        return f"Right and left differ by {number(abs(points), 1)} points at the most."
    more = Side.LEFT if points > 0 else Side.RIGHT
    pair = {m.side: m for m in _whole(result) if m.muscle is most.muscle}
    overlap = _overlap(pair[Side.LEFT], pair[Side.RIGHT]) if len(pair) == 2 else ""
    return (
        f"Largest difference between the sides: {muscle_name(most.muscle).lower()}, "
        f"{number(abs(points), 1)} points more on the {more}{overlap}."
    )


def _overlap(a: MuscleResult, b: MuscleResult) -> str:
    one, other = a.fat_shown, b.fat_shown
    if any(math.isnan(v) for v in (*one, *other)):
        return ""
    meet = one.low <= other.high and other.low <= one.high
    return " (their intervals meet)" if meet else " (their intervals do not meet)"


def _in_doubt(result: StudyResult) -> str:
    whole = _glutei(result)
    review = [part_name(m) for m in whole if m.status is MuscleStatus.NEEDS_REVIEW]
    absent = [part_name(m) for m in whole if m.status in (MuscleStatus.NOT_GRADABLE, MuscleStatus.MISSING)]
    sides = [s for s in Side if whole and all(m.status is MuscleStatus.MISSING for m in whole if m.side is s)]
    absent = [name for name in absent if not name.startswith(tuple(sides))] + [f"the {s} side" for s in sides]
    said = []
    if review:
        said.append(f"{len(review)} {'muscle needs' if len(review) == 1 else 'muscles need'} review: {joined(review)}.")
    if absent:
        said.append(f"Not graded: {joined(absent)}.")
    return " ".join(said)


def _metal(result: StudyResult) -> str:
    sides: list[MetalSide] = [m for m in result.metal if m.present]
    return f"Metal: {joined([f'{m.side} hip' for m in sides])}." if sides else ""


def _change(prior: Prior | None) -> str:
    if prior is None:
        return ""
    when = f" {gap(prior.days)} before" if prior.days is not None else ""
    whole = [r for r in prior.rows if r.region is Region.WHOLE and not r.muscle.optional]
    judged = [r for r in whole if r.beyond is not None and not r.review]
    if not judged:
        return f"Against the study{when}: no change can be judged."
    beyond = sorted((r for r in judged if r.beyond), key=lambda r: -abs(r.change_points))
    if beyond:
        told = joined([f"{Part(r.muscle, r.region, r.side)} {signed(r.change_points, 1)} points" for r in beyond])
        return f"Against the study{when}: {told}, beyond the stated measurement uncertainty."
    where = "" if len(judged) == len(whole) else f" in the {len(judged)} of {len(whole)} muscles that can be judged"
    return f"Against the study{when}: no change beyond the stated measurement uncertainty{where}."


def _alert(m: MuscleResult) -> Alert | None:
    name = part_name(m).capitalize()
    if m.status is MuscleStatus.NEEDS_REVIEW:
        found = "; ".join(plain(c.detail) for c in m.checks) or why_text(m.reason)
        advice = " ".join(dict.fromkeys(c.advice for c in m.checks))
        return Alert(name, f"needs review: {found}", advice, "review")
    if m.status in (MuscleStatus.NOT_GRADABLE, MuscleStatus.MISSING):
        word = "not graded" if m.status is MuscleStatus.NOT_GRADABLE else "not measured"
        why = why_text(m.reason)
        detail = plain(m.detail)
        found = f"{why} ({detail})" if detail and detail != why else why
        return Alert(name, f"{word}: {found}", joined_advice((m.reason,) if m.reason else ()), "missing")
    if m.status is MuscleStatus.PARTIAL:
        cut = f"cut at the {joined(m.cut_at)} border" if m.cut_at else plain(m.detail)
        text = f"about {percent(m.coverage, 0)} % in view, {cut}"
        return Alert(name, text, "Numbers and grades are of the part in view.", "partial")
    return None
