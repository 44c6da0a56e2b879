"""Statistics of one folder: read, select, compare, fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.cohort.stats.cautions import cautions
from gluteal_grade.cohort.stats.comparisons import Comparison, adjusted, group_comparisons, side_comparisons
from gluteal_grade.cohort.stats.load import read_tables
from gluteal_grade.cohort.stats.models import ModelRow, models
from gluteal_grade.cohort.stats.options import StatsOptions
from gluteal_grade.cohort.stats.select import Selection, select


@dataclass(frozen=True)
class StatsReport:
    """Everything that is written."""

    options: StatsOptions
    selection: Selection
    comparisons: tuple[Comparison, ...]
    models: tuple[ModelRow, ...]
    cautions: tuple[str, ...]

    @property
    def computed(self) -> int:
        """Comparisons that gave a number."""
        return sum(c.effect.estimate == c.effect.estimate for c in self.comparisons)


def compute_statistics(folder: Path, options: StatsOptions) -> StatsReport:
    """Statistics of the cohort in `folder`.

    Raises:
        RefusedInput: `no_results`, `study_twice`.
        NoGrouping: the group's column is not there or has too many values.
    """
    tables = read_tables(folder)
    selection = select(tables, options)
    comparisons = adjusted([*side_comparisons(selection, options), *group_comparisons(selection, options)])
    fitted = models(selection, options)
    return StatsReport(
        options, selection, tuple(comparisons), tuple(fitted), tuple(cautions(selection, options, fitted, tables.bad_numbers))
    )
