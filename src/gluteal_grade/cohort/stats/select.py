"""Which studies and muscles count, and what was left out for which reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gluteal_grade.cohort.left_out import LeftOut
from gluteal_grade.cohort.made_at import OF_HEADER, made_at
from gluteal_grade.cohort.stats.load import Tables, is_unknown
from gluteal_grade.cohort.stats.options import CONTINUOUS, FAT, MAX_LEVELS, MEAN_FAT, OF_VOLUME, StatsOptions
from gluteal_grade.vocabulary import REGIONS, Region, Scale, muscles_among

Part = tuple[str, str]  # muscle, region

_OF_STUDY = ("person", "days", "sex", "age", "operated_side", "level", "at")


class NoGrouping(ValueError):
    """The column named by the user cannot group studies; the message says why."""


@dataclass(frozen=True)
class Selection:
    """What counts.

    Attributes:
        rows: one row per study, side, muscle, region: the key, `method`, `fat_measure`, the outcomes (fat in percentage points; NaN where
            one does not count), and of the study `person`, `days`, `sex`, `age`, `operated_side`, `level` (the group; empty: unknown),
            `at` (the site).
        studies: rows of studies.csv that count.
        scales: that the cohort was graded on.
        levels: groups there are, sorted.
        left_out: everything that does not count.
        unordered: patients with several studies whose order in time is not known.
    """

    rows: pd.DataFrame
    studies: pd.DataFrame
    scales: tuple[Scale, ...]
    levels: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    unordered: int

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What is compared: columns of `rows`, those of grades by the key of their scale."""
        return outcomes_of(self.scales)


def outcomes_of(scales: Sequence[Scale]) -> tuple[str, ...]:
    """Measurements, then the grades of these scales."""
    return (*CONTINUOUS, *(scale.key for scale in scales))


def select(tables: Tables, options: StatsOptions) -> Selection:
    """Apply the rules of docs/howto/statistics.md.

    Raises:
        NoGrouping: studies.csv has no column of the group's name, or it has too many values.
    """
    if options.group not in tables.studies.columns or options.group == "person":
        raise NoGrouping(f"studies.csv has no column {options.group}")
    if options.site and options.site not in (*OF_HEADER, *tables.studies.columns):
        raise NoGrouping(f"studies.csv has no column {options.site}")
    left: list[LeftOut] = []
    studies = tables.studies.assign(level=tables.studies[options.group].astype(str).map(lambda text: "" if is_unknown(text) else text))
    studies["at"] = made_at(options.site, studies, tables.muscles) if options.site else ""
    states = studies["state"]
    for state in sorted(set(states) - {"graded", "partly_graded"}):
        left.append(LeftOut("study", None, f"state {state}", count=int((states == state).sum())))
    studies = studies[states.isin(["graded", "partly_graded"])]
    rows = _counting(tables, set(studies["study"]), options, left)
    idle = ~studies["study"].isin(rows["study"])
    if idle.any():
        left.append(LeftOut("study", None, "no muscle in it counts", count=int(idle.sum())))
    studies, unordered = _first(studies[~idle], options, left)
    levels = tuple(ordered(set(studies["level"]) - {""}))
    if len(levels) > MAX_LEVELS:
        raise NoGrouping(f"column {options.group} has {len(levels)} different values; up to {MAX_LEVELS} can be compared")
    joined = rows.merge(studies[["study", *_OF_STUDY]], on="study", how="inner")
    return Selection(joined.reset_index(drop=True), studies.reset_index(drop=True), tables.scales, levels, tuple(left), unordered)


def ordered(levels: Iterable[str]) -> list[str]:
    """As a reader expects: by letter, capitals as small ones."""
    return sorted(levels, key=lambda name: (name.casefold(), name))


def _counting(tables: Tables, known: set[str], options: StatsOptions, left: list[LeftOut]) -> pd.DataFrame:
    muscles, outcomes = tables.muscles, list(outcomes_of(tables.scales))
    stray = ~muscles["study"].isin(known)
    if stray.any():
        left.append(LeftOut("muscle", None, "its study is not graded in studies.csv", count=int(stray.sum())))
    muscles = muscles[~stray]
    out = muscles[~muscles["status"].isin(options.include)]
    for (muscle, region, status), part in out.groupby(["muscle", "region", "status"], sort=True):
        left.append(LeftOut("muscle", None, f"status {status}", muscle=str(muscle), region=str(region), count=len(part)))
    rows = muscles[muscles["status"].isin(options.include)].copy()
    rows[[FAT, MEAN_FAT]] *= 100.0
    cut = rows["status"] == "partial"
    for (muscle, region), part in rows[cut].groupby(["muscle", "region"], sort=True):
        left.append(LeftOut("volume", None, "status partial", muscle=str(muscle), region=str(region), count=len(part)))
    rows.loc[cut, list(OF_VOLUME)] = np.nan
    empty = rows[outcomes].isna().all(axis=1)
    if empty.any():
        left.append(LeftOut("muscle", None, "no number in it", count=int(empty.sum())))
    return rows.loc[~empty, ["study", "side", "muscle", "region", "method", "fat_measure", *outcomes]]


def _first(studies: pd.DataFrame, options: StatsOptions, left: list[LeftOut]) -> tuple[pd.DataFrame, int]:
    """The earliest study of every patient (unknown days last, then as listed), or all; and of how many the order is not known."""
    repeated = studies.groupby("person")["days"].agg(["size", "count", "nunique"])
    unordered = int(((repeated["size"] > 1) & ((repeated["count"] < repeated["size"]) | (repeated["nunique"] < repeated["size"]))).sum())
    if options.all_studies:
        return studies, unordered
    first = studies.sort_values("days", kind="stable", na_position="last").drop_duplicates("person")
    if later := len(studies) - len(first):
        left.append(LeftOut("study", None, "a later study of the same patient", count=later))
    return studies[studies["study"].isin(first["study"])], unordered


def parts(rows: pd.DataFrame) -> list[Part]:
    """Whole glutei always, so that a missing one is told; other muscles and regions where any row counts."""
    there = set(zip(rows["muscle"], rows["region"], strict=True))
    muscles = muscles_among(rows["muscle"])
    whole = [(str(m), str(Region.WHOLE)) for m in muscles]
    return whole + [(str(m), str(r)) for m in muscles for r in REGIONS[m] if (str(m), str(r)) in there]


def of_part(rows: pd.DataFrame, part: Part) -> pd.DataFrame:
    """Rows of one part."""
    return rows[(rows["muscle"] == part[0]) & (rows["region"] == part[1])]
