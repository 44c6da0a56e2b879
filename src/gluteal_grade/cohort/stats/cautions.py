"""What makes the numbers of this cohort less comparable than they look."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from gluteal_grade.cohort.stats.load import is_unknown
from gluteal_grade.cohort.stats.models import ModelRow
from gluteal_grade.cohort.stats.options import FAT, StatsOptions
from gluteal_grade.cohort.stats.select import Selection
from gluteal_grade.report import count

_MIXED = {
    "config_hash": "settings (config_hash)",
    "model_hash": "networks or labels (model_hash)",
    "version": "program versions",
}


def cautions(selection: Selection, options: StatsOptions, models: Iterable[ModelRow], bad_numbers: int) -> list[str]:
    """One sentence each, most serious first."""
    studies, said = selection.studies, []
    for column, name in _MIXED.items():
        counts = _counts(studies[column])
        if len(counts) > 1:
            said.append(f"Studies of different {name} are mixed: {_listed(counts)}. Grade them again alike, or compare each apart.")
    if len(kinds := _counts(studies["automatic"])) > 1:
        said.append(f"Automatic labels and given ones are mixed (automatic: {_listed(kinds)}).")
    methods = methods_used(selection)
    if len(methods) > 1:
        said.append(
            f"Fat was measured by different methods ({_listed(methods)} muscles): fractions differ between methods. The models of fat "
            "fraction and lean volume hold the method as a covariate; the comparisons are not adjusted for it."
        )
        said += _confounded(selection, options)
    measures = measures_used(selection)
    if len(measures) > 1:
        said.append(
            f"Graded fat fractions are of the muscle itself in some muscles and means over the outline in others ({_listed(measures)} "
            "muscles); a mean reads higher in a lean muscle. Pairs of sides that differ in this are left out, models hold it as covariate."
        )
    stuck = [m for m in models if m.kind in ("none", "icc") and "mixed model" in m.reason]
    if stuck:
        said.append(f"Did not converge or singular: {count(len(stuck), 'mixed model')}; models.csv says which, and what is given instead.")
    if "needs_review" in options.include:
        said.append("Muscles whose automatic label is doubtful (needs_review) are included.")
    if selection.unordered:
        said.append(
            f"Several studies in an order that is not known: {count(selection.unordered, 'patient')}; those without days count as later."
        )
    if bad_numbers:
        said.append(f"Days or age that are no number count as unknown: {count(bad_numbers, 'value')}.")
    return said


def methods_used(selection: Selection) -> dict[str, int]:
    """Muscles (regions not counted) with a fat fraction, by fat method."""
    return _counts(_measured(selection)["method"])


def measures_used(selection: Selection) -> dict[str, int]:
    """The same by the fat fraction that was graded."""
    return _counts(_measured(selection)["fat_measure"])


def _measured(selection: Selection) -> pd.DataFrame:
    rows = selection.rows
    return rows[(rows["region"] == "whole") & rows[FAT].notna()]


def _confounded(selection: Selection, options: StatsOptions) -> list[str]:
    rows = selection.rows[selection.rows[FAT].notna() & (selection.rows["level"] != "")]
    shared = rows.groupby("method")["level"].nunique()
    if len(selection.levels) > 1 and len(shared) and int(shared.max()) < 2:
        return [f"No fat method occurs in two groups of {options.group}: differences of fat may be differences of method."]
    return []


def _counts(values: pd.Series) -> dict[str, int]:
    named = values.map(lambda text: "none given" if is_unknown(text) else text)
    return {str(name): int(n) for name, n in named.value_counts().sort_index().items()}


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} in {n}" for name, n in counts.items())
