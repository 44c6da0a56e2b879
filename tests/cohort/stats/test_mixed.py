"""The mixed model against published fits, closed forms and simulated truth."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gluteal_grade.cohort.stats import mixed
from gluteal_grade.cohort.stats.design import Column, Design
from gluteal_grade.cohort.stats.mixed import CLUSTER, REML, Fit, fit


def plan(persons: Sequence[object], studies: Sequence[object] | None = None, **columns: np.ndarray) -> Design:
    rows = pd.DataFrame({"person": [str(p) for p in persons], "study": [str(s) for s in (studies if studies is not None else persons)]})
    effects = [Column("intercept", "", "", np.ones(len(rows)))] + [Column(n, "", "", np.asarray(v, float)) for n, v in columns.items()]
    return Design(rows, tuple(effects), 0, ())


def simulate(
    rng: np.random.Generator, patients: int, effect: float, between: float = 5.0, within: float = 3.0
) -> tuple[np.ndarray, Design, np.ndarray]:
    person = np.repeat(np.arange(patients), 2) + 100
    group = (person % 2).astype(float)
    right = np.tile([1.0, 0.0], patients)
    y = 20 + effect * group + 1.0 * right + np.repeat(rng.normal(0, between, patients), 2) + rng.normal(0, within, 2 * patients)
    return y, plan(person, group=group, right=right), group


def test_rails_of_pinheiro_and_bates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mixed-effects models in S and S-PLUS, 1.1: intercept 66.5 (10.171), SD 24.805 between and 4.0208 within rails, REML."""
    monkeypatch.setattr(mixed, "MIN_PATIENTS", 6)
    y = np.array([55, 53, 54, 26, 37, 32, 78, 91, 85, 92, 100, 96, 49, 51, 50, 80, 85, 83], float)
    got = fit(y, plan(np.repeat(range(6), 3)))
    assert got.how == REML
    assert got.effects[0].value == pytest.approx(66.5)
    assert got.effects[0].error == pytest.approx(10.17104, rel=1e-3)
    assert math.sqrt(got.patient) == pytest.approx(24.80547, rel=1e-3)
    assert math.sqrt(got.residual) == pytest.approx(4.020779, rel=1e-3)
    assert got.icc == pytest.approx(24.80547**2 / (24.80547**2 + 4.020779**2), rel=1e-4)


def test_balanced_sides_are_the_two_t_tests() -> None:
    """With both sides of everyone: side is the paired t test, group the t test of patients' means (closed form of REML)."""
    y, design, group = simulate(np.random.default_rng(1), 30, 4.0)
    got = fit(y, design)
    assert (got.how, got.reason) == (REML, "")
    _, by_group, side = got.effects
    means = y.reshape(-1, 2).mean(axis=1)
    t = stats.ttest_ind(means[group[::2] == 1], means[group[::2] == 0])
    interval = t.confidence_interval()
    assert (by_group.low, by_group.high, by_group.p, by_group.df) == pytest.approx((interval.low, interval.high, t.pvalue, 28), rel=1e-4)
    paired = stats.ttest_rel(y[::2], y[1::2])
    interval = paired.confidence_interval()
    assert (side.low, side.high, side.p, side.df) == pytest.approx((interval.low, interval.high, paired.pvalue, 29), rel=1e-4)
    d = y[::2] - y[1::2]
    assert got.residual == pytest.approx(d.var(ddof=1) / 2, rel=1e-4)


def test_unbalanced_is_that_of_statsmodels_by_formula() -> None:
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(2)
    y, design, _ = simulate(rng, 25, 3.0)
    keep = np.sort(rng.choice(50, 41, replace=False))
    rows = design.rows.iloc[keep].reset_index(drop=True)
    part = Design(rows, tuple(Column(c.variable, "", "", c.values[keep]) for c in design.columns), 0, ())
    got = fit(y[keep], part)
    frame = rows.assign(y=y[keep], group=part.columns[1].values, right=part.columns[2].values)
    ref = smf.mixedlm("y ~ group + right", frame, groups="person").fit(reml=True)
    assert [e.value for e in got.effects] == pytest.approx(list(ref.fe_params), rel=1e-3)
    assert [e.error for e in got.effects] == pytest.approx(list(ref.bse_fe), rel=1e-3)
    assert (got.patient, got.residual) == pytest.approx((ref.cov_re.iloc[0, 0], ref.scale), rel=1e-2)


def test_studies_nested_in_patients() -> None:
    """Three variances, all found again; closed form of a balanced nested design (mean squares)."""
    rng = np.random.default_rng(3)
    people, visits = 60, 3
    person = np.repeat(np.arange(people), visits * 2)
    study = np.repeat(np.arange(people * visits), 2)
    y = rng.normal(0, 6, people)[person] + rng.normal(0, 4, people * visits)[study] + rng.normal(0, 2, len(study)) + 30
    got = fit(y, plan(person, [f"s{s:04d}" for s in study]))
    cells = y.reshape(people, visits, 2)
    ms_rest = ((cells - cells.mean(axis=2, keepdims=True)) ** 2).sum() / (people * visits)
    ms_study = 2 * ((cells.mean(axis=2) - cells.mean(axis=(1, 2))[:, None]) ** 2).sum() / (people * (visits - 1))
    ms_patient = 2 * visits * cells.mean(axis=(1, 2)).var(ddof=1)
    expected = ((ms_patient - ms_study) / (2 * visits), (ms_study - ms_rest) / 2, ms_rest)
    assert got.how == REML
    assert (got.patient, got.study, got.residual) == pytest.approx(expected, rel=5e-3)
    assert got.icc == pytest.approx(expected[0] / sum(expected), rel=5e-3)


def test_units_do_not_matter() -> None:
    y, design, _ = simulate(np.random.default_rng(4), 20, 2.0)
    here, there = fit(y, design), fit(1000 * y + 7, design)
    for a, b in zip(here.effects[1:], there.effects[1:], strict=True):
        assert (1000 * a.value, 1000 * a.error, a.p) == pytest.approx((b.value, b.error, b.p), rel=1e-6)
    assert there.patient == pytest.approx(1e6 * here.patient, rel=1e-6)
    assert there.icc == pytest.approx(here.icc, rel=1e-6)


def test_singular_is_said_and_least_squares_given() -> None:
    """Sides that oppose each other: the variance between patients would be negative."""
    import statsmodels.api as sm

    rng = np.random.default_rng(5)
    half = rng.normal(0, 5, 20)
    y = np.ravel(np.column_stack([half, -half])) + rng.normal(0, 1, 40)
    person, right = np.repeat(np.arange(20), 2), np.tile([1.0, 0.0], 20)
    got = fit(y, plan(person, right=right))
    assert got.how == CLUSTER
    assert "singular: the variance of the patient is zero" in got.reason
    assert all(math.isnan(v) for v in (got.patient, got.study, got.residual, got.icc))
    ref = sm.OLS(y, np.column_stack([np.ones(40), right])).fit(cov_type="cluster", cov_kwds={"groups": person}, use_t=True)
    assert [e.value for e in got.effects] == pytest.approx(list(ref.params), abs=1e-9)
    assert [e.error for e in got.effects] == pytest.approx(list(ref.bse), rel=1e-6)
    assert [e.p for e in got.effects] == pytest.approx(list(ref.pvalues), rel=1e-6)


def nothing(got: Fit) -> bool:
    return got.how == "" and got.effects == () and math.isnan(got.icc) and bool(got.reason)


def test_what_gives_no_model() -> None:
    rng = np.random.default_rng(6)
    assert nothing(fit(rng.normal(size=18), plan(np.repeat(range(9), 2))))
    assert nothing(fit(np.full(24, 3.3), plan(np.repeat(range(12), 2))))
    assert nothing(fit(np.array([]), plan([])))
    assert nothing(fit(rng.normal(size=20), plan(["one"] * 20, [f"s{i // 2}" for i in range(20)])))  # one patient, ten studies
    both = np.repeat(rng.normal(size=12), 2)  # the sides are equal to the last digit: no residual
    got = fit(both, plan(np.repeat(range(12), 2), right=np.tile([1.0, 0.0], 12)))
    assert nothing(got) or got.how == CLUSTER
    assert got.reason


def test_one_side_each_is_least_squares() -> None:
    got = fit(np.random.default_rng(7).normal(size=15), plan(range(15)))
    assert got.how == CLUSTER
    assert got.reason == "one row per patient: no random intercept"


@pytest.mark.long
def test_intervals_hold_the_truth() -> None:
    """200 simulated cohorts of 16 patients, both sides, a few missing."""
    rng = np.random.default_rng(8)
    hits = []
    for _ in range(200):
        y, design, _ = simulate(rng, 16, 6.0)
        keep = np.sort(rng.choice(32, 29, replace=False))
        part = Design(design.rows.iloc[keep], tuple(Column(c.variable, "", "", c.values[keep]) for c in design.columns), 0, ())
        got = fit(y[keep], part)
        hits.append([e.low <= truth <= e.high for e, truth in zip(got.effects, (20, 6, 1), strict=True)])
    share = np.mean(hits, axis=0)
    assert np.all((share >= 0.90) & (share <= 0.99)), share
