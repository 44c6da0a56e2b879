"""Words and colours that sheets, figures and pages share."""

from __future__ import annotations

import math

from gluteal_grade.report import visible
from gluteal_grade.result import MuscleStatus

DISCLAIMER = "Research use. Not a medical device."
STATE_WORDS = {"graded": "graded", "partly_graded": "partly graded", "refused": "refused", "failed": "failed", "withdrawn": "withdrawn"}
# after a grade: what a reader must not overlook
STATUS_MARKS = {MuscleStatus.NEEDS_REVIEW: "!", MuscleStatus.PARTIAL: "*"}
STATUS_WORDS = {MuscleStatus.NOT_GRADABLE: "not gradable", MuscleStatus.MISSING: "missing"}
DASH = "–"


def in_words(code: str) -> str:
    """A reason code, method or state for readers."""
    return visible(code).replace("_", " ")


def percent(fraction: float, digits: int = 0) -> str:
    """E.g. ``12 %``; a dash for NaN."""
    return DASH if math.isnan(fraction) else f"{100 * fraction:.{digits}f} %"


def grade_word(grade: float) -> str:
    """E.g. ``2``; a dash for NaN."""
    return DASH if math.isnan(grade) else f"{grade:.0f}"
