"""The muscles and regions there are rows of, in the order of anatomy."""

from __future__ import annotations

import pandas as pd

from gluteal_grade.vocabulary import REGIONS, Muscle, Region

Part = tuple[str, str]


def parts(rows: pd.DataFrame) -> list[Part]:
    """Whole muscles always, so that a missing one is told; regions where any row counts."""
    there = set(zip(rows["muscle"], rows["region"], strict=True))
    whole = [(str(m), str(Region.WHOLE)) for m in Muscle]
    return whole + [(str(m), str(r)) for m in Muscle for r in REGIONS[m] if (str(m), str(r)) in there]


def of_part(rows: pd.DataFrame, part: Part, outcome: str) -> pd.DataFrame:
    """Rows of one part in which the outcome was measured."""
    return rows[(rows["muscle"] == part[0]) & (rows["region"] == part[1]) & rows[outcome].notna()]
