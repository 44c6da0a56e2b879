"""How probable each grade is, given where the true fraction lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from gluteal_grade.grading.scales import Profile


def grade_probabilities(profile: Profile, cdf: Callable[[float], float]) -> tuple[float, ...]:
    """Probability of every grade of a scale, from 0 upwards; they sum to 1.

    Args:
        profile: edges; what lies below 0 or above 1 counts for the first or last grade.
        cdf: cumulative distribution of the quantity that the profile grades, fraction.
    """
    at = [0.0, *(cdf(edge.at) for edge in profile.edges), 1.0]
    return tuple(max(0.0, above - below) for below, above in pairwise(at))


def other_grade(probabilities: Sequence[float], grade: int | None, more_than: float) -> int | None:
    """The most probable grade besides the given one, if its probability exceeds `more_than`: the grade is borderline."""
    others = [(p, g) for g, p in enumerate(probabilities) if g != grade]
    if grade is None or not others:
        return None
    best, which = max(others)
    return which if best > more_than and not math.isnan(best) else None
