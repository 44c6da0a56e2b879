"""Whether a grade changed, and how probable it is that the true one did."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gluteal_grade.cohort.change.models import GradeChange
from gluteal_grade.result.models import MuscleResult


def grade_changes(prior: MuscleResult | None, current: MuscleResult | None, comparable: bool) -> tuple[GradeChange, ...]:
    """Every scale that both results have.

    Args:
        prior, current: one muscle or region.
        comparable: fat was measured in both, by one method; else no change is given. Nor is it where the two read a scale differently.
    """
    if prior is None or current is None:
        return ()
    changes = []
    for now in current.grades:
        before = prior.graded(now.scale)
        if before is None:
            continue
        alike = comparable and (before.profile, before.measure) == (now.profile, now.measure)
        rose, fell, stayed = chances(before.probabilities, now.probabilities) if alike else (math.nan,) * 3
        both = alike and before.grade is not None and now.grade is not None
        changes.append(
            GradeChange(
                scale=now.scale,
                profile=now.profile if now.profile == before.profile else f"{before.profile}, {now.profile}",
                prior=before.grade,
                current=now.grade,
                change=(now.grade or 0) - (before.grade or 0) if both else None,
                rose=rose,
                fell=fell,
                stayed=stayed,
            )
        )
    return tuple(changes)


def chances(prior: Sequence[float], current: Sequence[float]) -> tuple[float, float, float]:
    """Probability that the true grade rose, fell, stayed, if the two are independent; NaN where a vector is missing or of another scale.

    Args:
        prior, current: probability of each grade from 0 upwards.
    """
    if not prior or len(prior) != len(current):
        return math.nan, math.nan, math.nan
    pairs = [(i, j, p * q) for i, p in enumerate(prior) for j, q in enumerate(current)]
    total = math.fsum(p for *_, p in pairs)
    if not total > 0:
        return math.nan, math.nan, math.nan
    rose = math.fsum(p for i, j, p in pairs if j > i) / total
    fell = math.fsum(p for i, j, p in pairs if j < i) / total
    return rose, fell, math.fsum(p for i, j, p in pairs if i == j) / total
