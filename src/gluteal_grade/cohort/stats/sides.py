"""Right against left, and the operated against the other side: paired within the study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gluteal_grade.cohort.stats.effects import paired
from gluteal_grade.cohort.stats.found import Comparison
from gluteal_grade.cohort.stats.options import OF_FAT, ORDINAL, OUTCOMES, UNITS, Options
from gluteal_grade.cohort.stats.ordinal import ordinal_pairs
from gluteal_grade.cohort.stats.parts import of_part, parts
from gluteal_grade.cohort.stats.select import Selection
from gluteal_grade.cohort.stats.words import count

_KEPT = ["person", "operated_side"]


def side_comparisons(selection: Selection, options: Options) -> list[Comparison]:
    """Right - left in everyone; operated - other where exactly one side was operated. A patient counts once."""
    rows = selection.rows
    kinds = [("right_left", "right", "left")]
    if rows["operated_side"].isin(["right", "left"]).any():
        kinds.append(("operated_other", "operated", "other"))
    return [_one(rows, kind, part, outcome, options) for kind in kinds for part in parts(rows) for outcome in OUTCOMES]


def _one(rows: pd.DataFrame, kind: tuple[str, str, str], part: tuple[str, str], outcome: str, options: Options) -> Comparison:
    comparison, first, second = kind
    pairs = _pairs(of_part(rows, part, outcome), outcome)
    if comparison == "operated_other":
        pairs = pairs[pairs["operated_side"].isin(["right", "left"])]
        sign = np.where(pairs["operated_side"] == "right", 1.0, -1.0)
    else:
        sign = np.ones(len(pairs))
    note = ""
    difference = (pairs["right"] - pairs["left"]) * sign
    if outcome in OF_FAT:
        alike = pairs["method_right"] == pairs["method_left"]
        if unlike := int((~alike).sum()):
            note = f"{count(unlike, 'study')} left out: the sides' fat was measured by different methods"
        pairs, difference = pairs[alike], difference[alike]
    d = difference.groupby(pairs["person"], sort=True).mean().to_numpy(float)
    found = ordinal_pairs(d, options.draws, options.seed) if outcome in ORDINAL else paired(d)
    return Comparison(comparison, outcome, UNITS[outcome], *part, first, second, found, note=note)


def _pairs(rows: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """One row per study that has both sides: `right`, `left`, `method_right`, `method_left` and what is of the study."""
    named = {side: {outcome: side, "method": f"method_{side}"} for side in ("right", "left")}
    right, left = (rows[rows["side"] == side].set_index("study").rename(columns=names) for side, names in named.items())
    return right[["right", "method_right", *_KEPT]].join(left[["left", "method_left"]], how="inner")
