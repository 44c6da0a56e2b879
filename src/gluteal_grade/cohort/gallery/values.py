"""Which muscles enter the distributions, and how they are grouped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.cohort.gallery.tables import FAT, MUSCLES, SIDES, Cohort, Numbers
from gluteal_grade.report import visible
from gluteal_grade.result import MuscleStatus
from gluteal_grade.vocabulary import Scale

SEXES = {"F": "women", "M": "men", "": "sex not known"}
MOST_GROUPS = 8

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """Studies that belong together: one sex, or one group.

    Attributes:
        name: in words.
        rows: (studies,).
    """

    name: str
    rows: Mask


def fat_percent(cohort: Cohort) -> Numbers:
    """(studies, sides, muscles): fat fraction that was graded, in percent, of graded and partly seen muscles; NaN elsewhere."""
    return np.where(cohort.having(MuscleStatus.GRADED, MuscleStatus.PARTIAL), 100 * cohort.numbers[FAT], np.float32(np.nan))


def volume_ml(cohort: Cohort) -> Numbers:
    """(studies, sides, muscles): volume of graded muscles; one cut by the field of view has no volume to compare."""
    return np.where(cohort.having(MuscleStatus.GRADED), cohort.numbers["volume_ml"], np.float32(np.nan))


def grades(cohort: Cohort, scale: str) -> Numbers:
    """(studies, sides, muscles): grades of the muscles that `fat_percent` has."""
    return np.where(cohort.having(MuscleStatus.GRADED, MuscleStatus.PARTIAL), cohort.numbers[scale], np.float32(np.nan))


def highest_grade(cohort: Cohort, scale: Scale) -> int:
    """The last grade of a scale: as published, more where the cohort's own scale has more."""
    found = cohort.numbers[scale.key]
    top = int(np.nanmax(found)) if np.isfinite(found).any() else 0
    return max(top, scale.highest)


def by_sex(cohort: Cohort) -> tuple[Part, ...]:
    """Women, men, and those of whom it is not known, as far as there are any."""
    sex = cohort.studies["sex"].where(cohort.studies["sex"].isin(["F", "M"]), "").to_numpy()
    parts = (Part(name, sex == code) for code, name in SEXES.items())
    return tuple(p for p in parts if p.rows.any())


def by_group(cohort: Cohort) -> tuple[tuple[Part, ...], int]:
    """The largest groups of studies with grades, by name, and how many groups are left out; empty where there are fewer than two."""
    groups = cohort.studies["group"].map(lambda name: " ".join(visible(name).split()))
    measured = (cohort.status >= 0).any(axis=(1, 2))
    named = groups[measured & (groups != "").to_numpy()]
    if named.nunique() < 2:
        return (), 0
    sizes = named.value_counts(sort=False)
    largest = sorted(sizes.index, key=lambda name: (-int(sizes[name]), name))[:MOST_GROUPS]
    return tuple(Part(name, (groups == name).to_numpy()) for name in sorted(largest)), len(sizes) - len(largest)


@dataclass(frozen=True)
class Line:
    """Numbers of one muscle on one side, over all studies.

    Attributes:
        side: the patient's.
        muscle: its name.
        statuses: how many muscles of each status, in the order of `STATUSES`.
        fat: n, median and quartiles of `fat_percent`; NaN without any.
        volume: the same of `volume_ml`.
        grades: per scale, how many muscles of each grade.
    """

    side: str
    muscle: str
    statuses: tuple[int, ...]
    fat: tuple[int, float, float, float]
    volume: tuple[int, float, float, float]
    grades: dict[str, tuple[int, ...]]


def lines(cohort: Cohort) -> tuple[Line, ...]:
    """One line per muscle and side."""
    fat, volume = fat_percent(cohort), volume_ml(cohort)
    graded = {scale.key: grades(cohort, scale.key) for scale in cohort.scales}
    tops = {scale.key: highest_grade(cohort, scale) for scale in cohort.scales}
    found = []
    for m, muscle in enumerate(MUSCLES):
        for s, side in enumerate(SIDES):
            counts = {key: grade_counts(graded[key][:, s, m], tops[key]) for key in graded}
            statuses = tuple(int((cohort.status[:, s, m] == code).sum()) for code in range(5))
            found.append(Line(side.value, muscle.value, statuses, _summary(fat[:, s, m]), _summary(volume[:, s, m]), counts))
    return tuple(found)


def grade_counts(found: Numbers, highest: int) -> tuple[int, ...]:
    """How many of each grade from 0."""
    known = found[~np.isnan(found)].astype(np.intp)
    return tuple(int(n) for n in np.bincount(known, minlength=highest + 1))


def _summary(found: Numbers) -> tuple[int, float, float, float]:
    known = found[~np.isnan(found)]
    if not known.size:
        return 0, np.nan, np.nan, np.nan
    low, middle, high = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
    return int(known.size), middle, low, high
