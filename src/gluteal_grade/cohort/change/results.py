"""Results of earlier runs read back, and which of a patient's can be compared."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from gluteal_grade.cohort.change.patients import PatientStudy
from gluteal_grade.errors import GradeError, Reason, RefusedInput, TransientFailure
from gluteal_grade.result import SCHEMA_VERSION, StudyResult, StudyStatus


def read_result(path: Path, which: str) -> StudyResult:
    """One study's result, with something measured in it.

    Args:
        path: `result.json`, or the folder that holds it.
        which: what messages call it, e.g. ``"prior"``; they never name the path.

    Raises:
        RefusedInput: `input_not_found`; `not_a_result`: other files, other versions of the schema; `no_results`: the study was refused.
        TransientFailure: `read_failed`.
    """
    result = _parsed(_text(path, which), which)
    if result.status is StudyStatus.REFUSED:
        why = f": {result.refusal.reason}" if result.refusal else ""
        advice = f" ({result.refusal.advice})" if result.refusal else ""
        raise RefusedInput(Reason.NO_RESULTS, f"the {which} study was refused{why}{advice}")
    return result


def _text(path: Path, which: str) -> bytes:
    if not path.exists():
        raise RefusedInput(Reason.INPUT_NOT_FOUND, f"the {which} result")
    file = path / "result.json" if path.is_dir() else path
    if not file.is_file():
        raise RefusedInput(Reason.NOT_A_RESULT, f"the {which} folder holds no result.json")
    try:
        return file.read_bytes()
    except OSError as error:
        detail = os.strerror(error.errno) if error.errno else type(error).__name__
        raise TransientFailure(Reason.READ_FAILED, f"the {which} result: {detail}") from error


def _parsed(text: bytes, which: str) -> StudyResult:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise RefusedInput(Reason.NOT_A_RESULT, f"the {which} file is no JSON") from None
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, str):
        raise RefusedInput(Reason.NOT_A_RESULT, f"the {which} file has no schema_version")
    if version != SCHEMA_VERSION:
        detail = f"the {which} result is of another schema than {SCHEMA_VERSION}: grade that study again with this version"
        raise RefusedInput(Reason.NOT_A_RESULT, detail)
    try:
        return StudyResult.model_validate(data)
    except ValidationError as error:
        # places and values may hold anything: only their number is told
        raise RefusedInput(
            Reason.NOT_A_RESULT, f"the {which} file breaks schema {SCHEMA_VERSION} in {error.error_count()} places"
        ) from None


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
