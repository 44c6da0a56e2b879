"""The cohort's three tables, read once and brought into the shape the pages need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gluteal_grade.cohort.graded_fat import CORE, MEAN, MEASURE, add_graded
from gluteal_grade.cohort.scales import scales_of_folder
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.result import MuscleStatus
from gluteal_grade.vocabulary import GLUTEI, Region, Scale, Side, primary_scale

SIDES = tuple(Side)  # right, left
MUSCLES = GLUTEI  # the pages are an overview: columns of the table hold every muscle
STATUSES = tuple(MuscleStatus)
STATES = ("graded", "partly_graded", "refused", "failed", "withdrawn")
MEASURED = ("graded", "partly_graded")

STUDY_COLUMNS = (
    *("study", "source", "state", "reason", "patient", "sex", "age", "group", "method", "automatic", "needs_review", "folder"),
    *("config_hash", "model_hash", "version"),
)
REFUSAL_COLUMNS = ("source", "study", "state", "reason", "detail", "advice", "attempts")
_KEYS = ("study", "side", "muscle", "region", "status")
FAT = "fat_fraction_graded"
_NUMBERS = (FAT, "volume_ml")

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Cohort:
    """All that the pages say.

    Attributes:
        studies: one row per study, text as it stands in `studies.csv`; `needs_review` a number of muscles.
        refusals: one row per refusal, text.
        numbers: `fat_fraction_graded` (0-1; of the muscle itself, or where that was not graded the mean over its label), `volume_ml` and
            the grades, each (studies, sides, muscles), whole muscles, NaN where none.
        status: (studies, sides, muscles), index into `STATUSES`, -1 where the study has no row for it.
        scales: whose grades `numbers` holds, in the order of the table.
        strangers: studies of `cohort.csv` that are not graded in `studies.csv`; they are left out.
    """

    studies: pd.DataFrame
    refusals: pd.DataFrame
    numbers: dict[str, Numbers]
    status: npt.NDArray[np.int8]
    scales: tuple[Scale, ...]
    strangers: int

    @property
    def primary(self) -> Scale:
        """The scale that stands where there is room for one."""
        return primary_scale(self.scales)

    def having(self, *statuses: MuscleStatus) -> npt.NDArray[np.bool_]:
        """(studies, sides, muscles): muscles of one of these statuses."""
        return np.isin(self.status, [STATUSES.index(s) for s in statuses])

    def entries(self, rows: npt.NDArray[np.intp]) -> list[dict[str, Any]]:
        """Rows of `studies` in this order: text, and `needs_review` a number."""
        return [{str(name): value for name, value in entry.items()} for entry in self.studies.iloc[rows].to_dict("records")]

    def worst_fat(self) -> Numbers:
        """(studies,): the highest graded fat fraction of a study's muscles, doubtful ones too; NaN where there is none."""
        fat = self.numbers[FAT]
        highest = np.where(np.isnan(fat), -np.inf, fat).max(axis=(1, 2), initial=-np.inf)
        return np.where(np.isinf(highest), np.nan, highest).astype(np.float32)

    def order(self) -> npt.NDArray[np.intp]:
        """Rows as a reader should meet them: needs review first, then the most fat, then by hash."""
        fat = np.nan_to_num(-self.worst_fat(), nan=np.inf)
        study = self.studies["study"].to_numpy(dtype="U32")
        calm = self.studies["needs_review"].to_numpy() == 0
        return np.lexsort((np.arange(len(study)), study, fat, calm))


def read_cohort(out: Path) -> Cohort:
    """Read `cohort.csv`, `studies.csv` and `refusals.csv`.

    Raises:
        RefusedInput: `no_results`, where a table or a column of it is missing.
    """
    studies = _text(out / "studies.csv", STUDY_COLUMNS)
    studies["needs_review"] = pd.to_numeric(studies["needs_review"], errors="coerce").fillna(0).astype(np.int64)
    scales = scales_of_folder(out)
    graded = tuple(scale.key for scale in scales)
    wanted = (*_NUMBERS, *graded)
    muscles = add_graded(_muscles(out / "cohort.csv", (MEAN, CORE, "volume_ml", *graded)), fat=FAT)
    measured = studies[studies["state"].isin(MEASURED)].drop_duplicates("study")
    row = pd.Series(measured.index.to_numpy(), index=measured["study"].to_numpy(), dtype=np.float64)
    codes, names = pd.factorize(muscles["study"])
    rows = pd.Series(names).map(row).to_numpy(dtype=np.float64)
    at = rows[codes]
    known = ~np.isnan(at)
    side = muscles["side"].map({s: n for n, s in enumerate(SIDES)}).to_numpy(dtype=np.float64)
    muscle = muscles["muscle"].map({m: n for n, m in enumerate(MUSCLES)}).to_numpy(dtype=np.float64)
    take = known & ~np.isnan(side) & ~np.isnan(muscle)
    place = tuple(a[take].astype(np.intp) for a in (at, side, muscle))
    shape = (len(studies), len(SIDES), len(MUSCLES))
    numbers = {}
    for name in wanted:
        numbers[name] = np.full(shape, np.nan, np.float32)
        numbers[name][place] = muscles[name].to_numpy(dtype=np.float32)[take]
    status = np.full(shape, -1, np.int8)
    found = muscles["status"].map({s: n for n, s in enumerate(STATUSES)}).to_numpy(dtype=np.float64)[take]
    status[place] = np.nan_to_num(found, nan=-1).astype(np.int8)
    refusals = _text(out / "refusals.csv", REFUSAL_COLUMNS)
    return Cohort(studies, refusals, numbers, status, scales, int(np.isnan(rows).sum()))


def _muscles(path: Path, numbers: tuple[str, ...]) -> pd.DataFrame:
    """Whole muscles; regions are not shown on the pages."""
    # pandas turns categories that look like numbers into numbers, and a hash may look like one
    kinds: dict[str, object] = dict.fromkeys((*_KEYS, MEASURE), "category") | dict.fromkeys(numbers, "float32") | {"study": str}
    empty: dict[str, list[str]] = {name: ["", "NaN"] for name in numbers} | {name: [] for name in (*_KEYS, MEASURE)}
    table = _read(path, usecols=[*_KEYS, MEASURE, *numbers], dtype=kinds, na_values=empty)
    return table[table["region"] == Region.WHOLE.value].reset_index(drop=True)


def _text(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Every cell as the text it is: a group called NA is a group."""
    return _read(path, usecols=list(columns), dtype=str)


def _read(path: Path, **how: object) -> pd.DataFrame:
    try:
        return pd.read_csv(path, keep_default_na=False, encoding="utf-8", encoding_errors="replace", **how)  # type: ignore[call-overload,no-any-return]
    except FileNotFoundError as error:
        raise RefusedInput(Reason.NO_RESULTS, f"no {path.name} in the folder") from error
    except ValueError as error:
        raise RefusedInput(Reason.NO_RESULTS, f"{path.name} lacks a column or holds text where numbers belong") from error
