"""What kind of series a side's fat was measured on, e.g. ``dixon_fat+dixon_water``: repeatability is of one kind."""

from __future__ import annotations

from pathlib import Path

from gluteal_grade.cohort.change.results import read_result
from gluteal_grade.errors import GradeError
from gluteal_grade.vocabulary import Side


def kinds_of_study(folder: Path) -> dict[str, str]:
    """By side, from a study's result.json; empty where there is none that can be read: then tables are all that is known."""
    try:
        result = read_result(folder, "repeated")
    except GradeError:
        return {}
    return {str(side): result.series_kind(side) for side in Side}
