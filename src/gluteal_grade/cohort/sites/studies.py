"""Where every study was made, and its muscles: what sites are compared by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gluteal_grade.cohort.left_out import LeftOut
from gluteal_grade.cohort.made_at import HEADER, OF_HEADER, made_at
from gluteal_grade.cohort.sites.options import QUANTITIES, SitesOptions
from gluteal_grade.cohort.stats.load import Tables
from gluteal_grade.cohort.stats.options import MEAN_FAT, StatsOptions
from gluteal_grade.cohort.stats.select import NoGrouping, select
from gluteal_grade.vocabulary import Region

_KEY = ["study", "side", "muscle", "region"]


@dataclass(frozen=True)
class Made:
    """What counts.

    Attributes:
        studies: rows of studies.csv, one a person, with a column for each of `by`: where it was made, empty where that is not known.
        rows: whole muscles of both sides: the key, `method`, `labels`, and `QUANTITIES` (fat in points; NaN where one does not count).
        by: what sites are told apart by.
        left_out: what does not count.
    """

    studies: pd.DataFrame
    rows: pd.DataFrame
    by: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def made(tables: Tables, options: SitesOptions) -> Made:
    """Whole muscles of the earliest study of each person, and where it was made.

    Raises:
        NoGrouping: a column that was named is not in studies.csv.
    """
    by = _by(tables, options)
    for name in (*by, *options.keep):
        if name not in (*OF_HEADER, "group", "sex", "age") and name not in tables.studies.columns:
            raise NoGrouping(f"studies.csv has no column {name}")
    chosen = select(tables, StatsOptions(group="state", include=options.include))  # any column will do: groups are not compared here
    rows = chosen.rows[chosen.rows["region"] == Region.WHOLE]
    more = [*_KEY, "fat_fraction_core", *(name for name in HEADER if name in tables.muscles.columns)]
    rows = rows.merge(tables.muscles[more], on=_KEY, how="left")
    rows["fat_fraction_core"] = rows["fat_fraction_core"].astype(float) * 100.0
    rows = rows.rename(columns={MEAN_FAT: "fat_fraction"})
    left = list(chosen.left_out)
    if options.method:
        other = rows["method"] != options.method
        if other.any():
            left.append(LeftOut("muscle", None, f"fat measured otherwise than by {options.method}", count=int(other.sum())))
        rows = rows[~other]
    studies = chosen.studies[chosen.studies["study"].isin(rows["study"])].copy()
    automatic = studies.set_index("study")["automatic"].str.lower() == "true"
    rows["labels"] = np.where(rows["study"].map(automatic), "automatic", "given")
    for name in by:
        studies[name] = made_at(name, studies, rows)
    kept = rows[[*_KEY, "method", "labels", *QUANTITIES]]
    return Made(studies.reset_index(drop=True), kept.reset_index(drop=True), by, tuple(left))


def _by(tables: Tables, options: SitesOptions) -> tuple[str, ...]:
    own = ("site",) if "site" in tables.studies.columns else ()
    asked = options.by or (*own, *OF_HEADER)
    return tuple(dict.fromkeys([*asked, *([options.harmonise] if options.harmonise else [])]))
