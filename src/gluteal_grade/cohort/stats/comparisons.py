"""Everything that is compared: sides within a study, groups against each other, and Holm's adjustment over families of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
import pandas as pd

from gluteal_grade.cohort.stats.options import StatsOptions, is_grade, rests_on_fat, rests_on_graded, unit_of
from gluteal_grade.cohort.stats.select import Part, Selection, of_part, parts
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
    pairs = {part: _pairs(of_part(rows, part), selection.outcomes) for part in parts(rows)}
    return [c for kind in kinds for part in pairs for c in _of_sides(pairs[part], kind, part, selection.outcomes, options)]


def _of_sides(
    pairs: pd.DataFrame, kind: tuple[str, str, str], part: Part, outcomes: Sequence[str], options: StatsOptions
) -> Iterator[Comparison]:
    comparison, first, second = kind
    if comparison == "operated_other":
        pairs = pairs[pairs["operated_side"].isin(["right", "left"])]
        sign = np.where(pairs["operated_side"] == "right", 1.0, -1.0)
    else:
        sign = np.ones(len(pairs))
    alike, same = (np.logical_and.reduce([pairs[f"{n}_right"] == pairs[f"{n}_left"] for n in names]) for names in (_OF_SIDE[:1], _OF_SIDE))
    differences, notes = {}, {}
    for outcome in outcomes:
        d = (pairs[f"{outcome}_right"] - pairs[f"{outcome}_left"]).to_numpy(float) * sign
        notes[outcome] = ""
        if rests_on_fat(outcome):
            there, fits = ~np.isnan(d), same if rests_on_graded(outcome) else alike
            unlike, mixed = int((there & ~alike).sum()), int((there & alike & ~fits).sum())
            told = [f"{count(unlike, 'study')} left out: the sides' fat was measured by different methods"] if unlike else []
            told += [f"{count(mixed, 'study')} left out: one side has no fat fraction of the muscle itself"] if mixed else []
            notes[outcome], d = "; ".join(told), np.where(fits, d, NAN)
        differences[outcome] = d
    of_patients = pd.DataFrame(differences).groupby(pairs["person"].to_numpy(), sort=True).mean()
    for outcome in outcomes:
        d = of_patients[outcome].dropna().to_numpy(float)
        found = ordinal_pairs(d, options.draws, options.seed) if is_grade(outcome) else paired(d)
        yield Comparison(comparison, outcome, unit_of(outcome), *part, first, second, found, note=notes[outcome])


def _pairs(rows: pd.DataFrame, outcomes: Sequence[str]) -> pd.DataFrame:
    """One row per study that has both sides: each outcome, method and fat measure of each, and what is of the study."""
    of_side = (*outcomes, *_OF_SIDE)
    named = {side: {name: f"{name}_{side}" for name in of_side} for side in ("right", "left")}
    right, left = (rows[rows["side"] == side].set_index("study").rename(columns=names) for side, names in named.items())
    return right[[*named["right"].values(), *_KEPT]].join(left[list(named["left"].values())], how="inner")


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
    means = {part: _of_patients(of_part(rows, part), column, levels, selection.outcomes) for part in parts(rows)}
    done = []
    for b, a in combinations(levels, 2):  # the later against the earlier, as in the models
        for part in means:
            for outcome in selection.outcomes:
                done.append(_of_groups(means[part][outcome], outcome, (a, b), part, f"by {name}", options))
    return done


def _of_patients(rows: pd.DataFrame, column: str, levels: Sequence[str], outcomes: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Of each outcome one row per patient and one column per group, NaN where there is none: the mean of the sides of a study, then of
    the studies of a patient.
    """
    rows = rows[rows[column].isin(levels)]
    per_study = rows.groupby(["person", "study", column])[list(outcomes)].mean()
    per_patient = per_study.groupby(level=["person", column]).mean()
    return {outcome: per_patient[outcome].unstack(column).reindex(columns=list(levels)) for outcome in outcomes}


def _of_groups(means: pd.DataFrame, outcome: str, pair: tuple[str, str], part: Part, comparison: str, options: StatsOptions) -> Comparison:
    of_a, of_b = (means[level].to_numpy(float) for level in pair)
    changed = ~np.isnan(of_a) & ~np.isnan(of_b)
    note = f"{count(int(changed.sum()), 'patient')} in both groups left out" if changed.any() else ""
    a, b = (values[~np.isnan(values) & ~changed] for values in (of_a, of_b))
    found = ordinal_groups(a, b, options.draws, options.seed) if is_grade(outcome) else two_groups(a, b)
    return Comparison(comparison, outcome, unit_of(outcome), *part, *pair, found, note=note)
