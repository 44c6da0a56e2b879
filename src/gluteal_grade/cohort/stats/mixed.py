"""Linear mixed model, intercepts of patients and, if asked, sites random; where it fails, least squares by patient, and it says so."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from gluteal_grade.cohort.stats.design import Design
from gluteal_grade.statistics import NAN, Floats

_OPTIMISERS = ["bfgs", "powell"]  # the second needs no gradient, which fails on the bound
Words = npt.NDArray[np.str_]

MIN_PATIENTS = 10
REML, CLUSTER = "mixed model, REML", "least squares, cluster-robust"
_SINGULAR = "the mixed model is singular: the variance of the {} is zero"
_NOTHING = 1e-4  # a share of the variance that is none: the estimate lies on its bound


@dataclass(frozen=True)
class Estimate:
    """A fixed effect with Wald interval (95 %) and p, by t with `df` degrees of freedom."""

    value: float
    error: float
    low: float
    high: float
    df: float
    p: float


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        how: `REML`, `CLUSTER`, or empty where nothing was fitted.
        effects: by column of the design.
        site, patient, study, residual: variances; `site` NaN where sites are no random effect, 0 where they differ no more than patients
            do; `study` NaN where no patient has several studies, or where they differ no more than sides
            do, so that it is zero.
        icc: share of the patient in the sum of the variances.
        reason: why there is no mixed model, or no model.
    """

    how: str
    effects: tuple[Estimate, ...] = ()
    site: float = NAN
    patient: float = NAN
    study: float = NAN
    residual: float = NAN
    icc: float = NAN
    reason: str = ""


def fit(values: Floats, design: Design) -> Fit:
    """Fit outcome = fixed effects (+ site) + patient (+ study within patient, where patients have several) + rest (Laird & Ware 1982).

    Interval and p: Wald t with between-within degrees of freedom (Schluchter & Elashoff 1990): effects constant within every site (where
    sites are a random effect) get sites less such effects, those constant within every patient the patients more than sites, less such,
    those constant within every study the studies more than patients, less such, the others what is left. Exact
    where every patient has one study with both sides.

    Args:
        values: (n,) outcome, by row of the design.
        design: fixed effects and rows.
    """
    persons = design.rows["person"].to_numpy(str)
    patients, x = len(set(persons)), design.matrix
    if patients < MIN_PATIENTS:
        return Fit("", reason=f"fewer than {MIN_PATIENTS} patients")
    if patients <= x.shape[1] + 1:
        return Fit("", reason="fewer patients than the effects need")
    centre, scale = float(values.mean()), float(values.std())
    if scale <= 1e-9 * max(1.0, float(np.abs(values).max())):
        return Fit("", reason="the outcome does not vary")
    y = (values - centre) / scale  # same optimisation for points and millilitres
    found = (
        _mixed(y, x, design.rows, persons, site=design.random_site)
        if len(persons) > patients
        else "one row per patient: no random intercept"
    )
    if isinstance(found, str):
        beta, errors = _clustered(y, x, persons)
        df = np.full(len(beta), float(patients - 1))
        if not np.all(np.isfinite(errors)) or errors.min() <= 1e-9:
            return Fit("", reason=f"{found}; least squares leave no residual")
        return Fit(CLUSTER, _effects(beta, errors, df, centre, scale), reason=found)
    beta, errors, (site, patient, study, residual) = found
    total = float(np.nansum([site, patient, study, residual]))
    s2 = scale * scale
    levels = [persons, design.rows["study"].to_numpy(str)]
    if site > 0:
        levels.insert(0, design.rows["at"].to_numpy(str))
    effects = _effects(beta, errors, _between_within(x, levels), centre, scale)
    return Fit(REML, effects, s2 * site, s2 * patient, s2 * study, s2 * residual, patient / total)


Found = tuple[Floats, Floats, tuple[float, float, float, float]]  # effects, errors, variances of site, patient, study, residual


def _mixed(y: Floats, x: Floats, rows: pd.DataFrame, persons: Words, *, site: bool) -> Found | str:
    """Effects, errors and variances, or why not. A random effect whose variance is zero is taken out: the same model without it."""
    studies = rows["study"].to_numpy(str) if rows["study"].nunique() > len(set(persons)) else None
    sites = rows["at"].to_numpy(str) if site else None
    found = _statsmodels(y, x, persons, studies, sites)
    if found == _SINGULAR.format("study"):  # studies of a patient differ no more than sides do
        studies = None
        found = _statsmodels(y, x, persons, None, sites)
    if sites is not None and found == _SINGULAR.format("site"):
        found = _mixed(y, x, rows, persons, site=False)
        return found if isinstance(found, str) else (*found[:2], (0.0, *found[2][1:]))
    return found


def _statsmodels(y: Floats, x: Floats, persons: Words, studies: Words | None, sites: Words | None) -> Found | str:
    """Groups are sites where those are a random effect, with patients and studies as components within, else patients."""
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    groups = persons if sites is None else sites
    inner = {} if sites is None else {"patient": persons}
    if studies is not None:
        inner["study"] = studies
    names, levels, mats = [], [], []
    for name, labels in inner.items():
        per_group = [np.unique(labels[groups == group], return_inverse=True) for group in sorted(set(groups))]  # the order of MixedLM
        names.append(name)
        levels.append([[str(level) for level in found] for found, _ in per_group])
        mats.append([np.eye(len(found))[index] for found, index in per_group])
    within = VCSpec(names, levels, mats) if names else None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # what they would say is looked at below
            result = MixedLM(y, x, groups=groups, exog_re=np.ones((len(y), 1)), exog_vc=within).fit(reml=True, method=_OPTIMISERS)
            outer, parts = float(result.cov_re[0, 0]), dict(zip(names, map(float, result.vcomp), strict=True))
            beta, errors = np.asarray(result.fe_params, float), np.asarray(result.bse_fe, float)
    except (np.linalg.LinAlgError, ValueError, ZeroDivisionError, FloatingPointError):
        return "the mixed model could not be computed"
    patient = outer if sites is None else parts["patient"]
    variances = (NAN if sites is None else outer, patient, parts.get("study", NAN), float(result.scale))
    total = np.nansum(variances)
    if not np.all(np.isfinite([*beta, *errors])) or not np.isfinite(total) or total <= 0:
        return "the mixed model could not be computed"
    for name, share in zip(("site", "patient", "study", "residual"), np.array(variances) / total, strict=True):
        if share < _NOTHING:  # NaN is not
            return _SINGULAR.format(name)
    if not result.converged:  # asked last: on the bound the optimiser often stops early
        return "the mixed model did not converge"
    return beta, errors, variances


def _clustered(y: Floats, x: Floats, persons: Words) -> tuple[Floats, Floats]:
    """Least squares; sandwich errors over patients (Liang & Zeger 1986) with the factor for few of them."""
    from statsmodels.regression.linear_model import OLS

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # errors that are none are looked at by the caller
        groups = np.unique(persons, return_inverse=True)[1]
        found = OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True})
        return np.asarray(found.params, float), np.asarray(found.bse, float)


def _between_within(x: Floats, levels: Sequence[Words]) -> Floats:
    """Degrees of freedom of each effect by the level on which it varies: of `levels`, from the outermost, and the rows."""

    def constant(within: Words) -> npt.NDArray[np.bool_]:
        groups = pd.DataFrame(x).groupby(within)
        return np.asarray((groups.max() - groups.min()).max() < 1e-12, bool)

    df = np.zeros(x.shape[1])
    left, before = np.ones(x.shape[1], bool), 0
    for labels in levels:
        own = left & constant(labels)
        here = len(set(labels))
        df[own] = here - before - int(own.sum())
        left, before = left & ~own, here
    df[left] = len(x) - before - int(left.sum())
    return np.maximum(df, 1).astype(float)


def _effects(beta: Floats, errors: Floats, df: Floats, centre: float, scale: float) -> tuple[Estimate, ...]:
    value, error = beta * scale, errors * scale
    value[0] += centre  # the intercept
    half = stats.t.ppf(0.975, df) * error
    p = 2 * stats.t.sf(np.abs(value / error), df)
    return tuple(Estimate(*map(float, row)) for row in zip(value, error, value - half, value + half, df, p, strict=True))
