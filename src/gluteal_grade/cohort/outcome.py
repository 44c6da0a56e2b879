"""A study's `result.json` as an outcome: the few facts that the tables of a cohort need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gluteal_grade.cohort.task import Outcome, State
from gluteal_grade.report import Place
from gluteal_grade.result import StudyStatus
from gluteal_grade.vocabulary import join_methods

_STATES = {StudyStatus.GRADED: State.GRADED, StudyStatus.PARTLY_GRADED: State.PARTLY, StudyStatus.REFUSED: State.REFUSED}


def outcome_of(result: Mapping[str, Any], place: Place) -> Outcome:
    """From the parsed JSON and where it lies.

    Raises:
        KeyError, ValueError, TypeError: it is no result of this program.
    """
    made_by = result["provenance"]
    refusal = result["refusal"] or {"reason": "", "detail": ""}
    methods = [fat["method"] for fat in (result["fat"], result["fat_beside_metal"]) if fat]
    segmentation = result["segmentation"]
    return Outcome(
        study=result["study"],
        state=_STATES[StudyStatus(result["status"])],
        reason=refusal["reason"],
        detail=refusal["detail"],
        folder=place.folder,
        input_hash=made_by.get("input_hash") or "",
        method=join_methods(tuple(methods)),
        automatic=segmentation["automatic"] if segmentation else None,
        version=made_by["version"],
    )
