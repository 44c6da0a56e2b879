"""What one comparison found, and Holm's adjustment over a family of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from gluteal_grade.vocabulary import Region

Floats = npt.NDArray[np.float64]
NAN = math.nan


@dataclass(frozen=True)
class Found:
    """Numbers of one comparison; NaN where there are none, and then `reason` says why.

    Attributes:
        n_a, n_b: patients.
        statistic: what `estimate`, with its 95 % interval `low` to `high`, is.
        effect_name, effect_size, effect_low, effect_high: the effect and its 95 % interval.
        test, p: the test and its p.
        check, p_check: another test of the same.
    """

    n_a: int
    n_b: int
    statistic: str = ""
    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    effect_name: str = ""
    effect_size: float = NAN
    effect_low: float = NAN
    effect_high: float = NAN
    test: str = ""
    p: float = NAN
    check: str = ""
    p_check: float = NAN
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """One row of stats.csv: what was compared, and what was found. `note`: what the reader should know of a number that stands."""

    comparison: str
    outcome: str
    unit: str
    muscle: str
    region: str
    level_a: str
    level_b: str
    found: Found
    p_holm: float = NAN
    note: str = ""


_BEFORE = ("comparison", "outcome", "unit", "muscle", "region", "level_a", "level_b")
_FOUND = tuple(f.name for f in fields(Found))
COLUMNS = (*_BEFORE, *(n for n in _FOUND if n not in ("check", "p_check", "reason")), "p_holm", "check", "p_check", "reason", "note")


def as_row(c: Comparison) -> dict[str, object]:
    """By `COLUMNS`."""
    values = {n: getattr(c, n) for n in (*_BEFORE, "p_holm", "note")} | {n: getattr(c.found, n) for n in _FOUND}
    return {name: values[name] for name in COLUMNS}


def holm(p: Sequence[float]) -> Floats:
    """Holm (1979), step down; NaN stays NaN and does not count."""
    raw = np.asarray(p, float)
    out = np.full(raw.shape, NAN)
    there = np.flatnonzero(np.isfinite(raw))
    order = there[np.argsort(raw[there], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    out[order] = np.minimum(1.0, np.maximum.accumulate(raw[order] * factors))
    return out


def family_of(c: Comparison) -> tuple[str, bool]:
    """The family of tests: the comparison, and whether of whole muscles or of regions."""
    return c.comparison, c.region == Region.WHOLE


def adjusted(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """With `p_holm`: a family is all tests of one comparison over outcomes, muscles and pairs of groups; regions are one of their own."""
    done = list(comparisons)
    for family in dict.fromkeys(family_of(c) for c in done):
        mine = [i for i, c in enumerate(done) if family_of(c) == family]
        for i, p in zip(mine, holm([done[i].found.p for i in mine]), strict=True):
            done[i] = replace(done[i], p_holm=float(p))
    return done
