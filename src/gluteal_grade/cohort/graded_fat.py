"""Of a muscle's two fat fractions the one that was graded, as `fat_measure` in `cohort.csv` tells."""

from __future__ import annotations

import numpy as np
import pandas as pd

MEASURE, CORE, MEAN = "fat_measure", "fat_fraction_core", "fat_fraction"
_LEAN_CORE, _LEAN_MEAN = "lean_volume_core_ml", "lean_volume_ml"
NUMBERS = (MEAN, CORE, _LEAN_MEAN, _LEAN_CORE)


def is_core(table: pd.DataFrame) -> pd.Series:
    """Rows of which the muscle itself was graded. Rows of versions that did not tell were graded by the mean over the label."""
    return (table[MEASURE].astype(str) == CORE) & table[CORE].notna()


def add_graded(table: pd.DataFrame, *, fat: str, lean: str = "") -> pd.DataFrame:
    """With the fat fraction that was graded (0-1) and its lean volume (ml) as further columns.

    Args:
        table: numbers as float, `fat_measure` as text.
        fat, lean: what to call them; none of the second where it has no name.
    """
    core = is_core(table)
    more = {fat: np.where(core, table[CORE], table[MEAN])}
    if lean:
        more[lean] = np.where(core, table[_LEAN_CORE], table[_LEAN_MEAN])
    return table.assign(**more)
