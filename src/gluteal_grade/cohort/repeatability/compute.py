"""Repeatability of a cohort: for each muscle, region, side, source of labels, fat method and kind of series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gluteal_grade.cohort.left_out import LeftOut
from gluteal_grade.cohort.repeatability.kinds import kinds_of_study
from gluteal_grade.cohort.repeatability.readings import readings
from gluteal_grade.cohort.stats.load import Tables, read_tables
from gluteal_grade.cohort.stats.options import INCLUDABLE
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.statistics import Repeated, repeated
from gluteal_grade.vocabulary import REGIONS, Muscle, Region, Side

QUANTITIES = {
    "fat_fraction_core": "percentage points",
    "fat_fraction": "percentage points",
    "volume_ml": "ml",
    "lean_volume_core_ml": "ml",
    "lean_volume_ml": "ml",
}
OF_FAT = ("fat_fraction_core", "fat_fraction")
ADVISED_SUBJECTS = 35  # Raunig 2015, Obuchowski & Bullen 2018: for a claim
_ORDER = {
    place: n
    for n, place in enumerate(
        (str(m), str(r), str(s)) for m in Muscle for r in (Region.WHOLE, *REGIONS[m]) for s in (Side.RIGHT, Side.LEFT)
    )
}


@dataclass(frozen=True)
class RepeatOptions:
    """Choices of one run.

    Attributes:
        include: the `status` of muscles that count; volumes of `partial` ones never do.
        repeats: CSV that says which studies are repeats; None: columns of studies.csv.
    """

    include: tuple[str, ...] = ("graded",)
    repeats: Path | None = None

    def __post_init__(self) -> None:
        if not self.include or (unknown := [s for s in self.include if s not in INCLUDABLE]):
            raise ValueError(f"of {', '.join(INCLUDABLE)}; not {', '.join(unknown) if self.include else 'nothing'}")


@dataclass(frozen=True)
class Group:
    """What is measured alike: one row of the table for each of its quantities.

    Attributes:
        labels: ``automatic`` or ``given``.
        kind: of the series, see `StudyResult.series_kind`; empty where no result.json tells.
    """

    muscle: str
    region: str
    side: str
    labels: str
    method: str
    kind: str


@dataclass(frozen=True)
class Found:
    """One row: a quantity of a group, its repeatability, and the first two repeats of each subject and session for the plot."""

    group: Group
    quantity: str
    graded: bool
    result: Repeated
    pairs: npt.NDArray[np.float64]

    @property
    def reason(self) -> str:
        """Why there are no intervals; empty where there are."""
        return str(Reason.TOO_FEW_SUBJECTS) if self.result.few else ""


@dataclass(frozen=True)
class RepeatReport:
    """Everything that is written.

    Attributes:
        studies: rows of studies.csv that count, with `table`, `subject`, `session`, `repeat`.
        outputs: how many outputs of the same studies were read; 1: scans repeated, not readings.
    """

    options: RepeatOptions
    studies: pd.DataFrame
    outputs: int
    found: tuple[Found, ...]
    left_out: tuple[LeftOut, ...]
    cautions: tuple[str, ...]


def compute_repeatability(folders: Sequence[Path], options: RepeatOptions) -> RepeatReport:
    """Repeatability of the repeats in a cohort's output, or of several outputs that read the same studies.

    Raises:
        RefusedInput: `no_results`, `no_repeats`, `repeats_unreadable`, `study_twice`; `too_few_subjects` where nothing is left that two
            repeats measured.
        TransientFailure: `read_failed`.
    """
    tables = [read_tables(folder) for folder in folders]
    left: list[LeftOut] = []
    repeats = readings(tables, options.repeats, left)
    studies = _studies(tables, repeats)
    rows = _rows(tables, folders, studies, options)
    units = list(_units(rows, studies, left))
    found = tuple(_found(units))
    if not found:
        raise RefusedInput(Reason.NO_REPEATS, "no muscle was measured alike in two repeats of a subject")
    return RepeatReport(options, studies, len(folders), found, tuple(left), tuple(_cautions(studies, found)))


def _studies(tables: Sequence[Tables], repeats: pd.DataFrame) -> pd.DataFrame:
    all_studies = pd.concat([t.studies.assign(table=n) for n, t in enumerate(tables)], ignore_index=True)
    own = all_studies.drop(columns=[c for c in ("subject", "session", "repeat") if c in all_studies.columns])
    return repeats.merge(own, on=["table", "study"], how="left")


def _rows(tables: Sequence[Tables], folders: Sequence[Path], studies: pd.DataFrame, options: RepeatOptions) -> pd.DataFrame:
    """Muscles of these studies that count, fat in points, with labels and kind of series."""
    muscles = pd.concat([t.muscles.assign(table=n) for n, t in enumerate(tables)], ignore_index=True)
    rows = muscles[muscles["status"].isin(options.include)].copy()
    for name in QUANTITIES:
        rows[name] = pd.to_numeric(rows[name], errors="coerce").astype(float) * (100.0 if name in OF_FAT else 1.0)
    rows.loc[rows["status"] == "partial", [n for n in QUANTITIES if n not in OF_FAT]] = np.nan
    rows = studies[["table", "study", "subject", "session", "repeat", "automatic", "folder"]].merge(
        rows.drop(columns=["automatic", "folder"], errors="ignore"), on=["table", "study"], how="inner"
    )
    rows["labels"] = np.where(rows["automatic"].str.lower() == "true", "automatic", "given")
    kinds: dict[tuple[int, str], Mapping[str, str]] = {
        (int(t), str(f)): kinds_of_study(folders[int(t)] / str(f)) for t, f in {*zip(rows["table"], rows["folder"], strict=True)} if f
    }
    places = zip(rows["table"], rows["folder"], rows["side"], strict=True)
    rows["kind"] = [kinds.get((int(t), str(f)), {}).get(str(side), "") for t, f, side in places]
    return rows


@dataclass(frozen=True)
class _Unit:
    """One muscle of one subject and session, every quantity (repeats,) in order; NaN where one was not measured."""

    group: Group
    subject: str
    values: Mapping[str, npt.NDArray[np.float64]]


def _units(rows: pd.DataFrame, studies: pd.DataFrame, left: list[LeftOut]) -> Iterator[_Unit]:
    units = {(str(who), str(when)): list(part["study"]) for (who, when), part in studies.groupby(["subject", "session"])}
    order = {key: n for n, key in enumerate(zip(studies["table"], studies["study"], strict=True))}
    rows = rows.assign(_order=[order[key] for key in zip(rows["table"], rows["study"], strict=True)])
    for (subject, session, side, muscle, region), part in rows.groupby(["subject", "session", "side", "muscle", "region"], sort=True):
        asked = units[str(subject), str(session)]
        place: dict[str, Any] = {"study": "+".join(dict.fromkeys(asked)), "side": str(side), "muscle": str(muscle), "region": str(region)}
        there, wanted = len(part), len(asked)
        if there < wanted:
            left.append(LeftOut("muscle", Reason.REPEAT_LACKS, f"measured in {there} of {wanted} repeats", **place))
        if there < 2:
            continue
        alike = {column: sorted(set(part[column])) for column in ("labels", "method", "kind")}
        if mixed := [column for column, values in alike.items() if len(values) > 1]:
            detail = "; ".join(f"{column}: {' / '.join(v or 'unknown' for v in alike[column])}" for column in mixed)
            left.append(LeftOut("muscle", Reason.REPEATS_DIFFER, f"repeats measured differently ({detail})", **place))
            continue
        ordered = part.sort_values("_order")
        group = Group(str(muscle), str(region), str(side), *(values[0] for values in alike.values()))
        yield _Unit(group, str(subject), {name: ordered[name].to_numpy(float) for name in QUANTITIES})


def _found(units: Sequence[_Unit]) -> Iterator[Found]:
    by_group: dict[Group, list[_Unit]] = {}
    for unit in units:
        by_group.setdefault(unit.group, []).append(unit)
    for group in sorted(by_group, key=lambda g: (_ORDER.get((g.muscle, g.region, g.side), 99), g.labels, g.method, g.kind)):
        core_there = False
        for name in QUANTITIES:
            mine = [(u.subject, v[np.isfinite(v)]) for u in by_group[group] for v in (u.values[name],)]
            mine = [(who, v) for who, v in mine if len(v) > 1]
            if not mine:
                continue
            core = name.startswith(("fat_fraction_core", "lean_volume_core"))
            core_there |= core
            pairs = np.array([v[:2] for _, v in mine])
            yield Found(
                group, name, name == "volume_ml" or core or not core_there, repeated([v for _, v in mine], [who for who, _ in mine]), pairs
            )


def _cautions(studies: pd.DataFrame, found: Sequence[Found]) -> Iterator[str]:
    for column, words in (("config_hash", "settings"), ("model_hash", "networks or labels"), ("version", "program versions")):
        if studies[column].nunique() > 1:
            yield f"Studies of different {words} ({column}) are mixed: what differs between them counts as spread. Grade them again alike."
    most = max(f.result.subjects for f in found)
    if any(f.result.few for f in found):
        yield "Rows of fewer than 5 subjects have no intervals and do not go into the site file (too_few_subjects)."
    if most < ADVISED_SUBJECTS:
        yield f"{most} subjects at most: 35 or more are advised for a claim (Raunig 2015; Obuchowski & Bullen 2018); read the intervals."
    growing = [f for f in found if f.result.tau_p < 0.05 and f.result.tau > 0 and f.graded]
    if growing:
        yield (
            f"In {len(growing)} rows the spread grows with the size of the number (tau, tau_p): there the RMS-CV tells more than the "
            "within-subject SD, whose interval and coefficient are of an average."
        )
