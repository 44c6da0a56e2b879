"""A change in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gluteal_grade.cohort.change.cautions import MEANING, Caution
from gluteal_grade.cohort.change.models import Why
from gluteal_grade.errors import Reason

_WHY: dict[str, str] = {
    Reason.NO_LABEL: "no label in at least one study",
    Reason.SIDE_NOT_LABELLED: "this side has no labels in at least one study",
    Reason.REGIONS_NOT_SPLIT: "at least one study does not tell this region apart",
    Reason.DIFFERENT_METHODS: "fat was measured by different methods",
    Reason.BESIDE_METAL: "too much of it lies beside metal in at least one study",
    Reason.TOO_FEW_VOXELS: "too small to measure in at least one study",
    Reason.TOO_LITTLE_EVALUABLE: "too much signal void or artifact in at least one study",
    Reason.NO_FAT_VALUES: "no fat value in at least one study",
}
_REVIEW = {Caution.PRIOR_NEEDS_REVIEW: "prior", Caution.CURRENT_NEEDS_REVIEW: "current"}


def change_words(points: float, beyond: bool | None, why: Why | None, cautions: Sequence[Caution]) -> str:
    """One clause on the fat fraction.

    Args:
        points: change of the fat fraction, percentage points; NaN if it was not compared.
        beyond: it is larger than the smallest detectable change; None if that is not told.
        why: the reason where one of the two is missing.
        cautions: of the row; a label in need of review is told.
    """
    if math.isnan(points):
        return f"not compared: {_WHY.get(why, why.replace('_', ' ')) if why else 'not measured'}"
    if beyond is None:
        words = f"change not judged: {MEANING[Caution(why)]}" if why in tuple(Caution) else "change not judged"
    elif beyond:
        words = f"{'more' if points > 0 else 'less'} fat than before, beyond the stated measurement uncertainty"
    else:
        words = "change within the stated measurement uncertainty"
    review = [name for code, name in _REVIEW.items() if code in cautions]
    return f"{words}; {' and '.join(review)} label needs review" if review else words


def signed(value: float, digits: int) -> str:
    """E.g. ``+1.2``; a change that rounds to nothing has no sign."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"
