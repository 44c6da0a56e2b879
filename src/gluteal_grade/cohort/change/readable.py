"""One patient's results in order of time, and why a study is not among them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gluteal_grade.cohort.change.patients import PatientStudy
from gluteal_grade.cohort.change.read import read_result
from gluteal_grade.errors import GradeError, Reason
from gluteal_grade.result.models import StudyResult

NO_DAYS = "no_days"  # nothing tells when the study was


def usable(studies: Sequence[PatientStudy]) -> Iterator[tuple[PatientStudy, StudyResult | None, str]]:
    """One patient's studies in order: result, or None and the reason code why it cannot be compared."""
    seen = set()
    for study in studies:
        if math.isnan(study.days):
            yield study, None, NO_DAYS
            continue
        try:
            result = read_result(study.path, "patient's")
        except GradeError as error:
            yield study, None, error.reason
            continue
        if result.study in seen:
            yield study, None, Reason.STUDY_TWICE
        else:
            seen.add(result.study)
            yield study, result, ""
