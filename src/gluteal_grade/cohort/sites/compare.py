"""The same muscle over sites: adjusted means, and tests of means and spreads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from gluteal_grade.cohort.sites.design import Held, full_rank, held, one_hot
from gluteal_grade.cohort.sites.options import MIN_STUDIES, QUANTITIES
from gluteal_grade.statistics import NAN, Floats, holm
from gluteal_grade.vocabulary import muscles_among


@dataclass(frozen=True)
class Place:
    """What is compared: one quantity of a muscle, measured alike, over the sites by one column."""

    values: str  # measured, or harmonised
    by: str
    labels: str
    method: str
    quantity: str
    muscle: str


@dataclass(frozen=True)
class SiteRow:
    """One site of a `Place`, in `unit`.

    Attributes:
        mean, sd: of studies, each the mean of its sides.
        adjusted, low, high: the mean with what is held at its average, and its 95 % interval.
        difference: `adjusted` less the average of the sites' adjusted means, each site counting once.
    """

    place: Place
    unit: str
    site: str
    studies: int
    mean: float
    sd: float
    adjusted: float = NAN
    low: float = NAN
    high: float = NAN
    difference: float = NAN


@dataclass(frozen=True)
class EffectRow:
    """The test of one `Place`.

    Attributes:
        f, df1, df2, p: F test that the sites' adjusted means are equal.
        p_holm: adjusted over all muscles and quantities of one `by` and kind of values.
        share: of the variance that what is held leaves, what sites explain: partial omega squared (Olejnik & Algina 2003), 0-1.
        spread_p: test of Brown and Forsythe that sites spread alike.
        note: what was left out, why there is no test.
    """

    place: Place
    sites: int
    studies: int
    held: str
    f: float = NAN
    df1: float = NAN
    df2: float = NAN
    p: float = NAN
    p_holm: float = NAN
    share: float = NAN
    spread_p: float = NAN
    note: str = ""


def compared(
    studies: pd.DataFrame, rows: pd.DataFrame, by: Sequence[str], keep: Sequence[str], values: str = "measured"
) -> tuple[list[SiteRow], list[EffectRow]]:
    """All sites by all columns; a column of fewer than two sites gives no row."""
    found: list[SiteRow] = []
    effects: list[EffectRow] = []
    for name in by:
        for (labels, method), part in rows.groupby(["labels", "method"], sort=True):
            own = studies[studies["study"].isin(part["study"]) & (studies[name] != "")]
            counts = own[name].value_counts()
            if (counts >= MIN_STUDIES).sum() < 2:
                continue
            # a covariate that is the grouping itself cannot be held
            for place, each in _places(part, values, (name, str(labels), str(method))):
                of_sites, effect = _one(place, own, each, [k for k in keep if k != name])
                found += of_sites
                effects += [effect] if effect else []
    families = [(e.place.by, e.place.labels, e.place.method) for e in effects]
    for family in set(families):
        mine = [n for n, f in enumerate(families) if f == family]
        adjusted = holm([effects[n].p for n in mine])
        for n, p in zip(mine, adjusted, strict=True):
            effects[n] = replace(effects[n], p_holm=float(p))
    return found, effects


def _places(part: pd.DataFrame, values: str, way: tuple[str, str, str]) -> Iterator[tuple[Place, pd.Series]]:
    for quantity in QUANTITIES:
        for muscle in muscles_among(part["muscle"]):
            mine = part.loc[part["muscle"] == str(muscle), ["study", quantity]].dropna()
            if len(mine):
                yield Place(values, *way, quantity, str(muscle)), mine.groupby("study")[quantity].mean()


def _one(place: Place, studies: pd.DataFrame, values: pd.Series, keep: Sequence[str]) -> tuple[list[SiteRow], EffectRow | None]:
    there = studies[studies["study"].isin(values.index)]
    counts = there[place.by].value_counts()
    there = there[there[place.by].isin(counts.index[counts >= MIN_STUDIES])]
    levels = sorted(set(there[place.by]))
    if len(levels) < 2:
        return [], None
    small = int(counts[counts < MIN_STUDIES].sum())
    notes = [f"{small} studies of sites of fewer than {MIN_STUDIES} left out"] if small else []
    beside = held(there, keep)
    notes += [f"{name} not held: known for {100 * share:.0f} %" for name, share in beside.unknown.items()]
    if lost := int((~beside.rows).sum()):
        notes.append(f"{lost} studies without a covariate not in the test")
    y = there["study"].map(values).to_numpy(float)
    sites = there[place.by].to_numpy(str)
    unit = QUANTITIES[place.quantity]
    means = [SiteRow(place, unit, level, int((sites == level).sum()), *_moments(y[sites == level])) for level in levels]
    x, names = _design(beside, sites, levels, notes)
    y, sites = y[beside.rows], sites[beside.rows]
    effect = EffectRow(place, len(levels), len(y), ", ".join(names))
    if len(y) <= x.shape[1] + 1 or not full_rank(x) or np.ptp(y) == 0:
        return means, replace(effect, note="; ".join([*notes, "no test: too few studies, or all alike"]))
    return _fitted(means, replace(effect, note="; ".join(notes)), y, x, sites)


def _design(beside: Held, sites: np.ndarray, levels: Sequence[str], notes: list[str]) -> tuple[Floats, list[str]]:
    """Sites, then what is held; what sites determine already stays out, with a note."""
    x = one_hot(list(sites[beside.rows]), levels)
    names: list[str] = []
    for name in beside.names:
        more = np.column_stack([c.values[beside.rows] for c in beside.covariates if c.name == name])
        if full_rank(np.column_stack([x, more])):
            x, names = np.column_stack([x, more]), [*names, name]
        else:
            notes.append(f"{name} not held: it cannot be told apart from the site")
    return x, names


def _fitted(means: list[SiteRow], effect: EffectRow, y: Floats, x: Floats, sites: np.ndarray) -> tuple[list[SiteRow], EffectRow]:
    from statsmodels.regression.linear_model import OLS

    k = len(means)
    whole = OLS(y, x).fit()
    plain = OLS(y, np.column_stack([np.ones(len(y)), x[:, k:]])).fit()
    f, p, df1 = whole.compare_f_test(plain)
    ends = whole.conf_int()
    average = float(np.mean(whole.params[:k]))
    told = [
        replace(
            row, adjusted=float(whole.params[n]), low=float(ends[n, 0]), high=float(ends[n, 1]), difference=float(whole.params[n]) - average
        )
        for n, row in enumerate(means)
    ]
    between, mse = plain.ssr - whole.ssr, whole.mse_resid
    share = max(0.0, float((between - df1 * mse) / (between + (len(y) - df1) * mse)))
    groups = [whole.resid[sites == row.site] for row in means]
    spread = float(stats.levene(*groups, center="median").pvalue) if min(map(len, groups)) > 1 else NAN
    return told, replace(effect, f=float(f), df1=float(df1), df2=float(whole.df_resid), p=float(p), share=share, spread_p=spread)


def _moments(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1))
