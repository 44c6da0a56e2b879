"""Whom norms are of: one study of each person, with sex and age; what is left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gluteal_grade.cohort.left_out import LeftOut
from gluteal_grade.cohort.own_tables import read_columns
from gluteal_grade.cohort.stats.load import is_unknown
from gluteal_grade.cohort.stats.options import INCLUDABLE
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import sound_age

NEEDED = ("study", "state", "patient", "days", "sex", "age", "operated_side", "automatic", "config_hash", "model_hash", "version")
BODY = ("height_m", "weight_kg", "lean_kg")
SEXES = ("F", "M")
_GRADED = ("graded", "partly_graded")
_BOTH = {"right": ("right",), "left": ("left",), "both": ("right", "left")}


@dataclass(frozen=True)
class NormsOptions:
    """Choices of one run.

    Attributes:
        name: of site, scanner or cohort, for the sets' keys and sources.
        protocol: in words, printed beside every score.
        include: the `status` of muscles that count; those that a border cuts never do.
        only: column of studies.csv and its value, where not all studies are of healthy people.
    """

    name: str = ""
    protocol: str = ""
    include: tuple[str, ...] = ("graded",)
    only: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        allowed = tuple(s for s in INCLUDABLE if s != "partial")
        if not self.include or (unknown := [s for s in self.include if s not in allowed]):
            raise ValueError(f"of {', '.join(allowed)}; not {', '.join(unknown) if self.include else 'nothing'}")


def people_of(folders: Sequence[Path], options: NormsOptions, left: list[LeftOut]) -> pd.DataFrame:
    """One study of each person: its row of studies.csv with `folder`, `age` and the body as numbers, sorted by study.

    Raises:
        RefusedInput: `no_results`; the reason of most studies where none is left.
    """
    found = pd.concat([_studies(folder, n, options) for n, folder in enumerate(folders)], ignore_index=True)
    total = len(found)
    found = _dropped(found, ~found["state"].isin(_GRADED), left, Reason.NO_RESULTS, "not graded")
    found = _dropped(found, found.duplicated("study"), left, Reason.STUDY_TWICE, "stands in another folder too")
    if options.only is not None:
        found = _dropped(found, found[options.only[0]] != options.only[1], left, Reason.NOT_CHOSEN, f"{options.only[0]} is another")
    found = _dropped(found, ~found["sex"].isin(SEXES), left, Reason.SEX_UNKNOWN, "sex is not given")
    found = _dropped(found, found["age"].isna(), left, Reason.AGE_UNKNOWN, "age is not given, or is none")
    ordered = found.sort_values(["person", "days", "study"], kind="stable", na_position="last")
    found = _dropped(ordered, ordered.duplicated("person"), left, Reason.LATER_VISIT, "a later study of the same person")
    if found.empty:
        counts = pd.Series([str(x.reason) for x in left], dtype=str).value_counts()
        told = ", ".join(f"{n} {reason}" for reason, n in counts.items())
        raise RefusedInput(Reason(str(counts.index[0])), f"of {total} studies none counts ({told})")
    return found.sort_values("study").reset_index(drop=True)


def without_operated(rows: pd.DataFrame, left: list[LeftOut]) -> pd.DataFrame:
    """Rows but those of operated sides."""
    gone = pd.Series(
        [side in _BOTH.get(operated, ()) for side, operated in zip(rows["side"], rows["operated_side"], strict=True)], index=rows.index
    )
    for study, side in dict.fromkeys(zip(rows.loc[gone, "study"], rows.loc[gone, "side"], strict=True)):
        left.append(LeftOut("side", Reason.SIDE_OPERATED, "an operated side", str(study), str(side)))
    return rows[~gone]


def _studies(folder: Path, number: int, options: NormsOptions) -> pd.DataFrame:
    path = folder / "studies.csv"
    extra = (options.only[0],) if options.only else ()
    wanted = {*NEEDED, *BODY, *extra}
    table = read_columns(path, wanted, (*NEEDED, *extra))
    for name in ("age", "days", *BODY):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float) if name in table else np.nan
    table["age"] = table["age"].where(table["age"].map(lambda years: sound_age(years) is not None))
    nobody = table["patient"].map(is_unknown)
    # a pseudonym is of one folder; without one a study is its own person
    table["person"] = (f"{number}:p:" + table["patient"]).where(~nobody, f"{number}:s:" + table["study"])
    return table.assign(folder=number)


def _dropped(found: pd.DataFrame, gone: pd.Series, left: list[LeftOut], reason: Reason, words: str) -> pd.DataFrame:
    left += [LeftOut("study", reason, words, str(study)) for study in found.loc[gone, "study"]]
    return found[~gone]
