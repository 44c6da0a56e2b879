"""Sites and what is held beside them, as columns of a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gluteal_grade.cohort.made_at import known
from gluteal_grade.cohort.sites.options import MIN_KNOWN
from gluteal_grade.statistics import Floats


@dataclass(frozen=True)
class Covariate:
    """One of what is held: a number, or one level of a word against the first; its values are centred.

    Attributes:
        name: column of studies.csv.
        values: (studies,).
        words: of a word (studies,), empty for a number.
    """

    name: str
    values: Floats
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held:
    """Covariates that can be held.

    Attributes:
        covariates: columns.
        rows: (studies,) where all of them are known.
        names: of those that are held.
        unknown: those that too few studies tell, and the share that does.
    """

    covariates: tuple[Covariate, ...]
    rows: np.ndarray
    names: tuple[str, ...]
    unknown: dict[str, float]


def held(studies: pd.DataFrame, keep: Sequence[str]) -> Held:
    """Those of `keep` that 90 % of studies tell and that vary; words of a column of numbers count as numbers."""
    rows, unknown, found = np.ones(len(studies), bool), {}, {}
    for name in keep:
        texts = np.array(known(studies[name]) if name in studies else [""] * len(studies), dtype=object)
        there = np.isin(texts, ["M", "F"]) if name == "sex" else texts != ""
        share = float(there.mean()) if len(texts) else 0.0
        if name == "group" and share == 0:
            continue  # no groups: nothing to hold
        if share < MIN_KNOWN:
            unknown[name] = share
            continue
        rows &= there
        found[name] = texts
    columns: list[Covariate] = []
    for name, texts in found.items():
        columns += _columns(name, texts, rows)
    names = tuple(dict.fromkeys(c.name for c in columns))
    return Held(tuple(columns), rows, names, unknown)


def one_hot(sites: Sequence[str], levels: Sequence[str]) -> Floats:
    """(studies, levels)."""
    return np.array([[site == level for level in levels] for site in sites], float)


def full_rank(matrix: Floats) -> bool:
    """No column follows from the others."""
    scale = np.abs(matrix).max(axis=0) if len(matrix) else np.ones(matrix.shape[1])
    return bool(np.all(scale > 0)) and int(np.linalg.matrix_rank(matrix / np.where(scale > 0, scale, 1.0))) == matrix.shape[1]


def _columns(name: str, texts: np.ndarray, rows: np.ndarray) -> list[Covariate]:
    numbers = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(float)
    if rows.any() and np.isfinite(numbers[rows]).all():
        varies = np.ptp(numbers[rows]) > 0
        return [Covariate(name, np.nan_to_num(numbers - numbers[rows].mean()))] if varies else []
    levels = sorted(set(texts[rows]))
    words = tuple(map(str, texts))
    centred = [(texts == level).astype(float) for level in levels[1:]]
    return [Covariate(name, column - column[rows].mean(), words) for column in centred]
