"""What must be so before sites are harmonised: else ComBat takes away what is true, or adds what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gluteal_grade.cohort.sites.design import Covariate, Held, full_rank, held, one_hot
from gluteal_grade.cohort.sites.options import MIN_HARMONISED, SitesOptions
from gluteal_grade.cohort.sites.studies import Made
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.report import count
from gluteal_grade.statistics import Floats

_UNKNOWN = {"age": Reason.AGE_UNKNOWN, "sex": Reason.SEX_UNKNOWN}
_EXPLAINED = 0.8  # share of a covariate's variance that sites explain, from which on the two are one


@dataclass(frozen=True)
class Sound:
    """Studies that can be harmonised.

    Attributes:
        studies: rows of studies.csv.
        sites: (studies,) where each was made.
        covariates: what is held, of these studies.
        names: columns that are held.
        least: studies that every site must have.
        notes: what is not harmonised.
    """

    studies: pd.DataFrame
    sites: np.ndarray
    covariates: tuple[Covariate, ...]
    names: tuple[str, ...]
    least: int
    notes: tuple[str, ...]


def sound(made: Made, options: SitesOptions) -> Sound:
    """Check, and leave out single studies of which too little is known.

    Raises:
        RefusedInput: `methods_mixed`, `one_site`, `site_too_small`, `site_confounded`, `age_unknown`, `sex_unknown`, `covariate_unknown`.
    """
    _measured_alike(made)
    by = options.harmonise
    studies = made.studies[(made.studies[by] != "") & ~made.studies[by].isin(options.leave_out)]
    notes = []
    if lost := len(made.studies) - len(studies):
        notes.append(f"{count(lost, 'study')} not harmonised: {by} is not known, or was left out")
    _sites(studies[by], by)
    beside = held(studies, [name for name in options.keep if name != by])
    for name, share in beside.unknown.items():
        told = f"{name} is known for {100 * share:.0f} % of studies; what is not held is taken for a fault of the site"
        raise RefusedInput(_UNKNOWN.get(name, Reason.COVARIATE_UNKNOWN), told)
    if lost := int((~beside.rows).sum()):
        notes.append(f"{count(lost, 'study')} not harmonised: {', '.join(beside.names)} not known of all")
    studies = studies[beside.rows]
    _sites(studies[by], by)
    sites = studies[by].to_numpy(str)
    covariates = tuple(Covariate(c.name, c.values[beside.rows], c.words) for c in beside.covariates)
    for why in _confounded(beside, covariates, sites):
        raise RefusedInput(Reason.SITE_CONFOUNDED, why)
    return Sound(studies.reset_index(drop=True), sites, covariates, beside.names, MIN_HARMONISED, tuple(notes))


def _measured_alike(made: Made) -> None:
    ways = [(key, part["study"].nunique()) for key, part in made.rows.groupby(["labels", "method"], sort=True)]
    if len(ways) > 1:
        told = ", ".join(f"{method}, {labels} labels ({n})" for (labels, method), n in ways)
        raise RefusedInput(Reason.METHODS_MIXED, f"studies were measured in {len(ways)} ways: {told}")


def _sites(values: pd.Series, by: str) -> None:
    counts = values.value_counts().sort_index()
    if len(counts) < 2:
        raise RefusedInput(Reason.ONE_SITE, f"{by} has {count(len(counts), 'value')} among the studies that count")
    small = counts[counts < MIN_HARMONISED]
    if len(small):
        told = ", ".join(f"{name} ({n})" for name, n in small.items())
        raise RefusedInput(Reason.SITE_TOO_SMALL, f"fewer than {MIN_HARMONISED} studies by {by}: {told}")


def _confounded(beside: Held, covariates: tuple[Covariate, ...], sites: np.ndarray) -> Iterator[str]:
    levels = sorted(set(sites))
    hot = one_hot(list(sites), levels)
    for c in covariates:
        if _explained(c.values, hot) > _EXPLAINED:
            yield f"{c.name} differs between sites so much that the two cannot be told apart"
    numbers = [c for c in covariates if len(set(c.values)) > 2]
    for c in numbers:
        for n, level in enumerate(levels):
            own, others = c.values[hot[:, n] == 1], c.values[hot[:, n] == 0]
            if own.min() > others.max() or own.max() < others.min():
                yield f"{c.name} of {level} does not overlap with that of the other sites"
    if not full_rank(np.column_stack([hot, *[c.values for c in covariates]])):
        yield f"{', '.join(beside.names)} and the sites cannot be told apart"


def _explained(values: Floats, hot: Floats) -> float:
    means = hot @ ((hot.T @ values) / hot.sum(axis=0))
    return float(np.var(means) / np.var(values)) if np.var(values) > 0 else 1.0
