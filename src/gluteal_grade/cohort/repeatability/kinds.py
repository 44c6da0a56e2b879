"""What kind of series a side's fat was measured on, e.g. ``dixon_fat+dixon_water``: repeatability is of one kind."""

from __future__ import annotations

from pathlib import Path

from gluteal_grade.cohort.change.results import read_result
from gluteal_grade.errors import GradeError
from gluteal_grade.result import StudyResult
from gluteal_grade.vocabulary import Side


def series_kind(result: StudyResult, side: Side) -> str:
    """Kinds of the series, sorted and joined by ``+``; empty where no fat was measured on this side."""
    of_series = {s.id: s.kind for s in result.series}
    for fat in (result.fat_beside_metal, result.fat):
        if fat is not None and side in fat.sides:
            return "+".join(sorted({of_series[one] for one in fat.series if one in of_series}))
    return ""


def kinds_of_study(folder: Path) -> dict[str, str]:
    """By side, from a study's result.json; empty where there is none that can be read: then tables are all that is known."""
    try:
        result = read_result(folder, "repeated")
    except GradeError:
        return {}
    return {str(side): series_kind(result, side) for side in Side}
