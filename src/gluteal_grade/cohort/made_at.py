"""Where a study was made: by what the headers tell, or by a column of studies.csv."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gluteal_grade.cohort.norms.compute import nominal_tesla
from gluteal_grade.cohort.stats.load import is_unknown

OF_HEADER = ("manufacturer", "scanner", "field", "software")
HEADER = ("manufacturer", "scanner_model", "software", "field_strength_t")  # columns of cohort.csv; older versions lack some


def made_at(name: str, studies: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """For each study; empty where that is not known, several joined by `` + ``.

    Args:
        name: of `OF_HEADER`, or a column of `studies`.
        studies: rows of studies.csv.
        rows: rows of cohort.csv, with those of `HEADER` that it has.
    """
    if name not in OF_HEADER:
        return known(studies[name])
    told = _told(name, rows)
    each = told[told != ""].groupby(rows["study"]).agg(lambda values: " + ".join(sorted(set(values))))
    return [str(each.get(study, "")) for study in studies["study"]]


def known(values: Iterable[object]) -> list[str]:
    """As text; empty where a value is missing or stands for that."""
    return ["" if is_unknown(str(value)) else str(value).strip() for value in values]


def _told(name: str, rows: pd.DataFrame) -> pd.Series:
    """What the header of each muscle's series says."""

    def words(column: str) -> list[str]:
        return known(rows[column]) if column in rows else [""] * len(rows)

    if name == "field":
        tesla = pd.to_numeric(rows["field_strength_t"], errors="coerce") if "field_strength_t" in rows else pd.Series(np.nan, rows.index)
        told = [f"{t:g} T" if t == t else "" for t in nominal_tesla(np.asarray(tesla, float))]
    elif name == "scanner":
        told = [" ".join(part for part in parts if part) for parts in zip(words("manufacturer"), words("scanner_model"), strict=True)]
    else:
        told = words(name)
    return pd.Series(told, index=rows.index, dtype=object)
