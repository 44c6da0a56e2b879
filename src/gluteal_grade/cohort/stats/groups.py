"""Groups against each other, one value per patient."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from gluteal_grade.cohort.stats.effects import two_groups
from gluteal_grade.cohort.stats.found import Comparison
from gluteal_grade.cohort.stats.options import ORDINAL, OUTCOMES, UNITS, Options
from gluteal_grade.cohort.stats.ordinal import ordinal_groups
from gluteal_grade.cohort.stats.parts import of_part, parts
from gluteal_grade.cohort.stats.select import Selection
from gluteal_grade.cohort.stats.words import count


def group_comparisons(selection: Selection, options: Options) -> list[Comparison]:
    """Every pair of groups, and men - women."""
    found = _by(selection.rows, "level", options.group, selection.levels, options)
    if options.group != "sex":
        found += _by(selection.rows, "sex", "sex", ("F", "M"), options)
    return found


def _by(rows: pd.DataFrame, column: str, name: str, levels: tuple[str, ...], options: Options) -> list[Comparison]:
    if len(set(rows[column]) & set(levels)) < 2:
        return []
    done = []
    for b, a in combinations(levels, 2):  # the later against the earlier, as in the models
        for part in parts(rows):
            for outcome in OUTCOMES:
                done.append(_one(of_part(rows, part, outcome), outcome, column, (a, b), part, f"by {name}", options))
    return done


def _one(
    rows: pd.DataFrame, outcome: str, column: str, pair: tuple[str, str], part: tuple[str, str], comparison: str, options: Options
) -> Comparison:
    rows = rows[rows[column].isin(pair)]
    per_person = rows.groupby("person")[column].nunique()
    changed = per_person.index[per_person > 1]
    note = f"{count(len(changed), 'patient')} in both groups left out" if len(changed) else ""
    rows = rows[~rows["person"].isin(changed)]
    # the mean of the sides of a study, then of the studies of a patient
    per_study = rows.groupby(["person", "study", column], as_index=False)[outcome].mean()
    per_patient = per_study.groupby(["person", column], as_index=False)[outcome].mean()
    a, b = (per_patient.loc[per_patient[column] == level, outcome].to_numpy(float) for level in pair)
    found = ordinal_groups(a, b, options.draws, options.seed) if outcome in ORDINAL else two_groups(a, b)
    return Comparison(comparison, outcome, UNITS[outcome], *part, *pair, found, note=note)
