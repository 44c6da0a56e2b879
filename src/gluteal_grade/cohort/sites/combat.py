"""ComBat by neuroCombat (Johnson 2007; Fortin 2017, 2018): shift and spread of each site taken out of each muscle and side, on request."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gluteal_grade.cohort.sites.checks import Sound, sound
from gluteal_grade.cohort.sites.options import QUANTITIES, SitesOptions
from gluteal_grade.cohort.sites.studies import Made
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.statistics import NAN, Floats

COMMON = 0.9  # share of studies that have a muscle and side, for it to be harmonised
Part = tuple[str, str]  # muscle, side


@dataclass(frozen=True)
class Shift:
    """What ComBat took out of one muscle and side of one site: `shift` in the quantity's unit, and how many times too wide it spread."""

    site: str
    quantity: str
    unit: str
    muscle: str
    side: str
    studies: int
    shift: float
    spread: float


@dataclass(frozen=True)
class Harmonised:
    """What ComBat gave.

    Attributes:
        by: what sites are told apart by.
        held: what was kept.
        values: study, site, side, muscle, and of each quantity `<quantity>_harmonised` beside it; NaN where it was not harmonised.
        shifts: what was taken out.
        notes: what was not harmonised, and what came out impossible.
        library: name and version.
    """

    by: str
    held: tuple[str, ...]
    values: pd.DataFrame
    shifts: tuple[Shift, ...]
    notes: tuple[str, ...]
    library: str


def available() -> bool:
    """Is the library there?"""
    return importlib.util.find_spec("neuroCombat") is not None


def harmonised(made: Made, options: SitesOptions) -> Harmonised:
    """ComBat over the sites by `options.harmonise`, each quantity by itself: what is known of its muscles says nothing of another's sites.

    Raises:
        RefusedInput: `no_combat`, `one_site`, `site_too_small`, `site_confounded`, `methods_mixed`, `age_unknown`, `sex_unknown`,
            `covariate_unknown`.
    """
    if not available():
        raise RefusedInput(Reason.NO_COMBAT, "the library neuroCombat is not installed")
    from importlib.metadata import version

    checked = sound(made, options)
    rows = made.rows.merge(checked.studies[["study"]].assign(site=checked.sites), on="study", how="inner")
    values = rows[["study", "site", "side", "muscle", *QUANTITIES]].copy()
    shifts: list[Shift] = []
    notes: list[str] = list(checked.notes)
    for quantity, unit in QUANTITIES.items():
        table = rows.pivot(index="study", columns=["muscle", "side"], values=quantity).reindex(checked.studies["study"])
        done, found = _one(table, checked, (quantity, unit), notes)
        shifts += found
        keys = zip(values["study"], values["muscle"], values["side"], strict=True)
        cells = done.stack(["muscle", "side"]).to_dict() if len(done.columns) else {}
        values[f"{quantity}_harmonised"] = [cells.get(key, NAN) for key in keys]
        beyond = values[f"{quantity}_harmonised"]
        if impossible := int(((beyond < 0) | ((beyond > 100) & quantity.startswith("fat"))).sum()):
            notes.append(f"{quantity}: {impossible} harmonised values lie outside what is possible; ComBat knows no bounds")
    return Harmonised(options.harmonise, checked.names, values, tuple(shifts), tuple(notes), f"neuroCombat {version('neuroCombat')}")


def _one(table: pd.DataFrame, checked: Sound, what: tuple[str, str], notes: list[str]) -> tuple[pd.DataFrame, list[Shift]]:
    """Studies that have all common parts; empty where a site would be left with too few of them."""
    quantity, unit = what
    common = table.loc[:, table.notna().mean() >= COMMON]
    whole = common.notna().all(axis=1).to_numpy()
    parts: list[Part] = [(str(part[0]), str(part[1])) for part in common.columns]
    rare = [" ".join(map(str, part)) for part in table.columns.difference(common.columns)]
    if rare:
        notes.append(f"{quantity}: not harmonised, as fewer than 90 % of studies have it: {', '.join(rare)}")
    if lost := int((~whole).sum()):
        notes.append(f"{quantity}: {lost} studies lack a muscle and are not harmonised")
    left = checked.sites[whole]
    few = [site for site in sorted(set(checked.sites)) if (left == site).sum() < checked.least]
    flat = [part for part in parts if common.loc[whole, part].nunique() < 2]
    if common.shape[1] < 2 or few or flat:
        why = f"fewer than {checked.least} whole studies in a site" if few else "fewer than two muscles and sides that vary"
        notes.append(f"{quantity}: not harmonised: {why}")
        return pd.DataFrame(), []
    used = common[whole]
    covariates = {f"c{n}": c.values[whole] for n, c in enumerate(checked.covariates)}
    done, estimates = _combat(used.to_numpy(float), left, covariates)
    spread = np.sqrt(np.asarray(estimates["var.pooled"], float).ravel())
    gamma, delta = np.asarray(estimates["gamma.star"], float), np.asarray(estimates["delta.star"], float)
    found = [
        Shift(site, quantity, unit, muscle, side, int((left == site).sum()), float(gamma[n, k] * spread[k]), float(np.sqrt(delta[n, k])))
        for n, site in enumerate(sorted(set(left)))
        for k, (muscle, side) in enumerate(parts)
    ]
    return pd.DataFrame(done, index=used.index, columns=used.columns), found


def _combat(values: Floats, sites: np.ndarray, covariates: dict[str, Floats]) -> tuple[Floats, dict[str, Any]]:
    """(studies, parts) as the library makes it; it prints what it does, which is nothing for a user."""
    from neuroCombat import neuroCombat

    told = pd.DataFrame({"site": sites, **covariates})
    names: Sequence[str] = list(covariates)
    with contextlib.redirect_stdout(io.StringIO()):
        given = neuroCombat(dat=values.T, covars=told, batch_col="site", continuous_cols=names)
    return np.asarray(given["data"], float).T, given["estimates"]
