"""All of it for one folder: read, select, compare, fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.cohort.stats.cautions import cautions
from gluteal_grade.cohort.stats.found import Comparison, adjusted
from gluteal_grade.cohort.stats.groups import group_comparisons
from gluteal_grade.cohort.stats.load import read_tables
from gluteal_grade.cohort.stats.models import ModelRow, models
from gluteal_grade.cohort.stats.options import Options
from gluteal_grade.cohort.stats.select import Selection, select
from gluteal_grade.cohort.stats.sides import side_comparisons


@dataclass(frozen=True)
class Findings:
    """Everything that is written."""

    options: Options
    selection: Selection
    comparisons: tuple[Comparison, ...]
    models: tuple[ModelRow, ...]
    cautions: tuple[str, ...]

    @property
    def computed(self) -> int:
        """Comparisons that gave a number."""
        return sum(c.found.estimate == c.found.estimate for c in self.comparisons)


def compute(folder: Path, options: Options) -> Findings:
    """Statistics of the cohort in `folder`.

    Raises:
        RefusedInput: `no_results`, `study_twice`.
        NoGrouping: the group's column is not there or has too many values.
    """
    tables = read_tables(folder)
    selection = select(tables, options)
    comparisons = adjusted([*side_comparisons(selection, options), *group_comparisons(selection, options)])
    fitted = models(selection, options)
    return Findings(options, selection, tuple(comparisons), tuple(fitted), tuple(cautions(selection, options, fitted, tables.bad_numbers)))
