"""Everything that is compared: sides within a study, groups against each other, and Holm's adjustment over families of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
import pandas as pd

from gluteal_grade.cohort.stats.options import StatsOptions, is_grade, rests_on_fat, rests_on_graded, unit_of
from gluteal_grade.cohort.stats.select import Selection, of_part, parts
from gluteal_grade.report import count
from gluteal_grade.statistics import NAN, Effect, holm, ordinal_groups, ordinal_pairs, paired, two_groups
from gluteal_grade.vocabulary import Region


@dataclass(frozen=True)
class Comparison:
    """One row of stats.csv: what was compared, and what was found. `note`: what the reader should know of a number that stands."""

    comparison: str
    outcome: str
    unit: str
    muscle: str
    region: str
    level_a: str
    level_b: str
    effect: Effect
    p_holm: float = NAN
    note: str = ""


_BEFORE = ("comparison", "outcome", "unit", "muscle", "region", "level_a", "level_b")
_OF_EFFECT = tuple(f.name for f in fields(Effect))
COLUMNS = (*_BEFORE, *(n for n in _OF_EFFECT if n not in ("check", "p_check", "reason")), "p_holm", "check", "p_check", "reason", "note")


def as_row(c: Comparison) -> dict[str, object]:
    """By `COLUMNS`."""
    values = {n: getattr(c, n) for n in (*_BEFORE, "p_holm", "note")} | {n: getattr(c.effect, n) for n in _OF_EFFECT}
    return {name: values[name] for name in COLUMNS}


def family_of(c: Comparison) -> tuple[str, bool]:
    """The family of tests: the comparison, and whether of whole muscles or of regions."""
    return c.comparison, c.region == Region.WHOLE


def adjusted(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """With `p_holm`: a family is all tests of one comparison over outcomes, muscles and pairs of groups; regions are one of their own."""
    done = list(comparisons)
    for family in dict.fromkeys(family_of(c) for c in done):
        mine = [i for i, c in enumerate(done) if family_of(c) == family]
        for i, p in zip(mine, holm([done[i].effect.p for i in mine]), strict=True):
            done[i] = replace(done[i], p_holm=float(p))
    return done


_KEPT = ["person", "operated_side"]
_OF_SIDE = ("method", "fat_measure")


def side_comparisons(selection: Selection, options: StatsOptions) -> list[Comparison]:
    """Right - left in everyone; operated - other where exactly one side was operated. A patient counts once."""
    rows = selection.rows
    kinds = [("right_left", "right", "left")]
    if rows["operated_side"].isin(["right", "left"]).any():
        kinds.append(("operated_other", "operated", "other"))
    return [_of_sides(rows, kind, part, outcome, options) for kind in kinds for part in parts(rows) for outcome in selection.outcomes]


def _of_sides(rows: pd.DataFrame, kind: tuple[str, str, str], part: tuple[str, str], outcome: str, options: StatsOptions) -> Comparison:
    comparison, first, second = kind
    pairs = _pairs(of_part(rows, part, outcome), outcome)
    if comparison == "operated_other":
        pairs = pairs[pairs["operated_side"].isin(["right", "left"])]
        sign = np.where(pairs["operated_side"] == "right", 1.0, -1.0)
    else:
        sign = np.ones(len(pairs))
    note = ""
    difference = (pairs["right"] - pairs["left"]) * sign
    if rests_on_fat(outcome):
        alike = pairs["method_right"] == pairs["method_left"]
        same = alike if not rests_on_graded(outcome) else alike & (pairs["fat_measure_right"] == pairs["fat_measure_left"])
        unlike, mixed = int((~alike).sum()), int((alike & ~same).sum())
        told = [f"{count(unlike, 'study')} left out: the sides' fat was measured by different methods"] if unlike else []
        told += [f"{count(mixed, 'study')} left out: one side has no fat fraction of the muscle itself"] if mixed else []
        note, pairs, difference = "; ".join(told), pairs[same], difference[same]
    d = difference.groupby(pairs["person"], sort=True).mean().to_numpy(float)
    found = ordinal_pairs(d, options.draws, options.seed) if is_grade(outcome) else paired(d)
    return Comparison(comparison, outcome, unit_of(outcome), *part, first, second, found, note=note)


def _pairs(rows: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """One row per study that has both sides: `right`, `left`, of each method and fat measure, and what is of the study."""
    named = {side: {outcome: side} | {name: f"{name}_{side}" for name in _OF_SIDE} for side in ("right", "left")}
    right, left = (rows[rows["side"] == side].set_index("study").rename(columns=names) for side, names in named.items())
    there = ["left", *(f"{name}_left" for name in _OF_SIDE)]
    return right[["right", *(f"{name}_right" for name in _OF_SIDE), *_KEPT]].join(left[there], how="inner")


def group_comparisons(selection: Selection, options: StatsOptions) -> list[Comparison]:
    """Every pair of groups, and men - women."""
    found = _by(selection, "level", options.group, selection.levels, options)
    if options.group != "sex":
        found += _by(selection, "sex", "sex", ("F", "M"), options)
    return found


def _by(selection: Selection, column: str, name: str, levels: tuple[str, ...], options: StatsOptions) -> list[Comparison]:
    rows = selection.rows
    if len(set(rows[column]) & set(levels)) < 2:
        return []
    done = []
    for b, a in combinations(levels, 2):  # the later against the earlier, as in the models
        for part in parts(rows):
            for outcome in selection.outcomes:
                done.append(_of_groups(of_part(rows, part, outcome), outcome, column, (a, b), part, f"by {name}", options))
    return done


def _of_groups(
    rows: pd.DataFrame, outcome: str, column: str, pair: tuple[str, str], part: tuple[str, str], comparison: str, options: StatsOptions
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
    found = ordinal_groups(a, b, options.draws, options.seed) if is_grade(outcome) else two_groups(a, b)
    return Comparison(comparison, outcome, unit_of(outcome), *part, *pair, found, note=note)
