"""Linear mixed model with a random intercept per patient; where it fails, least squares with patients as clusters, and it says so."""

from __future__ import annotations

import warnings
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
        patient, study, residual: variances; `study` NaN where no patient has several studies, or where they differ no more than sides
            do, so that it is zero.
        icc: share of the patient in the sum of the variances.
        reason: why there is no mixed model, or no model.
    """

    how: str
    effects: tuple[Estimate, ...] = ()
    patient: float = NAN
    study: float = NAN
    residual: float = NAN
    icc: float = NAN
    reason: str = ""


def fit(values: Floats, design: Design) -> Fit:
    """Fit outcome = fixed effects + patient (+ study within patient, where patients have several) + rest (Laird & Ware 1982).

    Interval and p: Wald t with between-within degrees of freedom (Schluchter & Elashoff 1990): effects constant within every patient
    get patients less such effects, those constant within every study the studies more than patients, less such, the others what is
    left. Exact where every patient has one study with both sides.

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
    found = _mixed(y, x, design.rows, persons) if len(persons) > patients else "one row per patient: no random intercept"
    if isinstance(found, str):
        beta, errors = _clustered(y, x, persons)
        df = np.full(len(beta), float(patients - 1))
        if not np.all(np.isfinite(errors)) or errors.min() <= 1e-9:
            return Fit("", reason=f"{found}; least squares leave no residual")
        return Fit(CLUSTER, _effects(beta, errors, df, centre, scale), reason=found)
    beta, errors, (patient, study, residual) = found
    total = patient + residual + (0.0 if np.isnan(study) else study)
    s2 = scale * scale
    effects = _effects(beta, errors, _between_within(x, persons, design.rows["study"].to_numpy(str)), centre, scale)
    return Fit(REML, effects, s2 * patient, s2 * study, s2 * residual, patient / total)


def _mixed(y: Floats, x: Floats, rows: pd.DataFrame, persons: Words) -> tuple[Floats, Floats, tuple[float, float, float]] | str:
    """Effects, errors and variances, or why not."""
    studies = rows["study"].to_numpy(str)
    if len(set(studies)) > len(set(persons)):
        found = _statsmodels(y, x, persons, studies)
        if found != _SINGULAR.format("study"):
            return found
        # studies of a patient differ no more than sides do: the same model without that zero
    return _statsmodels(y, x, persons, None)


def _statsmodels(y: Floats, x: Floats, persons: Words, studies: Words | None) -> tuple[Floats, Floats, tuple[float, float, float]] | str:
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    within = None
    if studies is not None:
        mats, names = [], []
        for person in sorted(set(persons)):  # the order in which MixedLM takes its groups
            levels, index = np.unique(studies[persons == person], return_inverse=True)
            mats.append(np.eye(len(levels))[index])
            names.append([str(level) for level in levels])
        within = VCSpec(["study"], [names], [mats])
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # what they would say is looked at below
            result = MixedLM(y, x, groups=persons, exog_re=np.ones((len(y), 1)), exog_vc=within).fit(reml=True, method=_OPTIMISERS)
            variances = (float(result.cov_re[0, 0]), float(result.vcomp[0]) if studies is not None else NAN, float(result.scale))
            beta, errors = np.asarray(result.fe_params, float), np.asarray(result.bse_fe, float)
    except (np.linalg.LinAlgError, ValueError, ZeroDivisionError, FloatingPointError):
        return "the mixed model could not be computed"
    total = np.nansum(variances)
    if not np.all(np.isfinite([*beta, *errors])) or not np.isfinite(total) or total <= 0:
        return "the mixed model could not be computed"
    for name, share in zip(("patient", "study", "residual"), np.array(variances) / total, strict=True):
        if share < _NOTHING:  # NaN is not
            return _SINGULAR.format(name)
    if not result.converged:  # asked last: on the bound the optimiser often stops early
        return "the mixed model did not converge"
    return beta, errors, variances


def _clustered(y: Floats, x: Floats, persons: Words) -> tuple[Floats, Floats]:
    """Least squares; sandwich errors over patients (Liang & Zeger 1986) with the factor for few of them."""
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ x.T @ y
    scores = x * (y - x @ beta)[:, None]
    names, index = np.unique(persons, return_inverse=True)
    sums = np.zeros((len(names), x.shape[1]))
    np.add.at(sums, index, scores)
    g, (n, k) = len(names), x.shape
    covariance = bread @ (sums.T @ sums) @ bread * (g / (g - 1) * (n - 1) / (n - k))
    return beta, np.sqrt(np.diag(covariance))


def _between_within(x: Floats, persons: Words, studies: Words) -> Floats:
    """Degrees of freedom of each effect by the level on which it varies: patients, their studies, the sides of a study."""

    def constant(within: Words) -> npt.NDArray[np.bool_]:
        groups = pd.DataFrame(x).groupby(within)
        return np.asarray((groups.max() - groups.min()).max() < 1e-12, bool)

    patients, visits, n = len(set(persons)), len(set(studies)), len(persons)
    per_patient, per_study = constant(persons), constant(studies)
    between, among = int(per_patient.sum()), int((per_study & ~per_patient).sum())
    df = np.where(per_patient, patients - between, np.where(per_study, visits - patients - among, n - visits - int((~per_study).sum())))
    return np.maximum(df, 1).astype(float)


def _effects(beta: Floats, errors: Floats, df: Floats, centre: float, scale: float) -> tuple[Estimate, ...]:
    value, error = beta * scale, errors * scale
    value[0] += centre  # the intercept
    half = stats.t.ppf(0.975, df) * error
    p = 2 * stats.t.sf(np.abs(value / error), df)
    return tuple(Estimate(*map(float, row)) for row in zip(value, error, value - half, value + half, df, p, strict=True))
