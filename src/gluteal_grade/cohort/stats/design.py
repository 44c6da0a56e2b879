"""The fixed effects of a mixed model, built column by column so that no name of a user's becomes a formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gluteal_grade.cohort.stats.options import MIN_KNOWN, StatsOptions, rests_on_fat, rests_on_graded
from gluteal_grade.cohort.stats.select import ordered
from gluteal_grade.report import count
from gluteal_grade.statistics import MIN_PER_GROUP, Floats

MIN_RANDOM = 5  # sites, for their spread to be estimated
MAX_RANDOM = 1000  # patients of a model with sites as random effect


@dataclass(frozen=True)
class Column:
    """One fixed effect: `level` against `reference` of a variable, or a slope (`level` the unit, `reference` the centre)."""

    variable: str
    level: str
    reference: str
    values: Floats


@dataclass(frozen=True)
class Design:
    """Rows and fixed effects of one model.

    Attributes:
        rows: those that take part, sorted by person and study.
        columns: fixed effects, intercept first; linearly independent.
        left_out: rows without a group, of a group too small, or without a covariate.
        notes: what was left out of the model and why.
        random_site: sites (`at` of the rows) are a random effect.
    """

    rows: pd.DataFrame
    columns: tuple[Column, ...]
    left_out: int
    notes: tuple[str, ...]
    random_site: bool = False

    @property
    def matrix(self) -> Floats:
        """(rows, effects)."""
        return np.column_stack([c.values for c in self.columns])


def design(rows: pd.DataFrame, outcome: str, options: StatsOptions) -> Design:
    """group + side + sex + age, the site where asked for, and the fat method and measure where fat outcomes rest on several.

    Sex and age enter where known for at least 90 % of rows; the other rows then leave. A term that others determine already (all
    women in one group) is not estimable and stays out, with a note.
    """
    total = len(rows)
    notes: list[str] = []
    grouped = options.group != "sex"
    if grouped:
        rows = _of_enough(rows, notes, options.group)
    for name in ("sex", "age"):
        known = rows["sex"].isin(["M", "F"]) if name == "sex" else rows["age"].notna()
        share = float(known.mean()) if len(rows) else 0.0
        if share >= MIN_KNOWN:
            if share < 1:
                notes.append(f"{count(int((~known).sum()), 'row')} without {name} left out")
            rows = rows[known]
        elif name == "age" or share > 0:
            notes.append(f"{name} not in the model: known for {100 * share:.0f} % of rows")
    sites, random = 0, False
    if options.site:
        rows, sites, random = _of_sites(rows, notes, options.site)
    rows = rows.sort_values(["person", "study", "side"], kind="stable")
    columns = [Column("intercept", "", "", np.ones(len(rows)))]
    terms = [("side", _factor(rows["side"], "side", "left"))]
    if grouped:
        terms.insert(0, (options.group, _factor(rows["level"], options.group)))
    if len(rows) and rows["sex"].isin(["M", "F"]).all():
        terms.append(("sex", _factor(rows["sex"], "sex")))
    if len(rows) and rows["age"].notna().all() and rows["age"].nunique() > 1:
        centre = float(rows["age"].mean())
        terms.append(("age", [Column("age", "per year", f"{centre:.1f} years", rows["age"].to_numpy(float) - centre)]))
    if sites > 1 and not random:
        terms.append((options.site, _factor(rows["at"], options.site)))
    if rests_on_fat(outcome):
        terms.append(("method", _factor(rows["method"], "method")))
    if rests_on_graded(outcome):
        terms.append(("fat_measure", _factor(rows["fat_measure"], "fat_measure")))
    for name, more in terms:
        if more and _rank([*columns, *more]) < len(columns) + len(more):
            notes.append(f"{name} not in the model: it cannot be told apart from the terms before it")
        else:
            columns += more
    return Design(rows.reset_index(drop=True), tuple(columns), total - len(rows), tuple(notes), random)


def _of_enough(rows: pd.DataFrame, notes: list[str], name: str) -> pd.DataFrame:
    """Without groups that are too small; all rows where fewer than two are left."""
    patients = rows.loc[rows["level"] != ""].groupby("level")["person"].nunique()
    large = patients.index[patients >= MIN_PER_GROUP]
    if len(large) < 2:
        if len(patients):
            notes.append(f"{name} not in the model: fewer than two groups of {MIN_PER_GROUP} patients")
        return rows.assign(level="")
    kept = rows[rows["level"].isin(large)]
    if len(kept) < len(rows):
        notes.append(f"{count(len(rows) - len(kept), 'row')} without {name} or of a group of fewer than {MIN_PER_GROUP} patients left out")
    return kept


def _of_sites(rows: pd.DataFrame, notes: list[str], name: str) -> tuple[pd.DataFrame, int, bool]:
    """Rows whose site is known, how many sites there are, and whether they are a random effect.

    The spread of a few sites cannot be estimated: fewer than `MIN_RANDOM` are a fixed effect, as are those of so many patients that the
    model would take hours.
    """
    there = rows[rows["at"] != ""]
    if len(there) < len(rows):
        notes.append(f"{count(len(rows) - len(there), 'row')} without {name} left out")
    sites = int(there["at"].nunique())
    if sites < 2:
        notes.append(f"{name} not in the model: fewer than two sites")
        return rows if there.empty else there, 0, False
    if sites >= MIN_RANDOM and there["person"].nunique() > MAX_RANDOM:
        notes.append(f"{name} as fixed effect: more than {MAX_RANDOM} patients")
        return there, sites, False
    return there, sites, sites >= MIN_RANDOM


def _factor(values: pd.Series, name: str, reference: str | None = None) -> list[Column]:
    """Treatment contrasts against `reference`, by default the first in order; none for a single level."""
    levels = ordered(set(values.astype(str)))
    first = reference if reference in levels else (levels[0] if levels else "")
    return [Column(name, level, str(first), (values == level).to_numpy().astype(np.float64)) for level in levels if level != first]


def _rank(columns: list[Column]) -> int:
    matrix = np.column_stack([c.values for c in columns])
    if not matrix.size:
        return 0
    scale = np.abs(matrix).max(axis=0)
    return int(np.linalg.matrix_rank(matrix / np.where(scale > 0, scale, 1.0)))
