"""The cumulative link model against statsmodels, and where it has no answer."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.miscmodels.ordinal_model import OrderedModel

from gluteal_grade.statistics.ordinal import fit_ordinal

EDGES = (0.1, 0.25, 0.5, 0.75)


def rated(n: int = 240, noise: float = 0.06, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = rng.beta(1, 1.3, n)
    return values, np.digitize(values + rng.normal(0, noise, n), EDGES)


def test_as_statsmodels() -> None:
    values, grades = rated()
    found = fit_ordinal(values, grades, 5, np.ones((1, len(values))), growth=0)
    other = OrderedModel(grades, values[:, None], distr="probit").fit(method="bfgs", disp=0, maxiter=500, gtol=1e-8)
    slope = other.params[0]
    edges = other.model.transform_threshold_params(other.params)[1:-1] / slope
    assert found.edges[0] == pytest.approx(edges, abs=5e-5)
    assert found.noise[0] == pytest.approx(1 / slope, rel=2e-3)


def test_a_weight_is_so_many_ratings() -> None:
    values, grades = rated(120)
    weights = np.random.default_rng(1).integers(1, 4, (3, 120))
    together = fit_ordinal(values, grades, 5, weights.astype(float), growth=3)
    for row, edges, noise in zip(weights, together.edges, together.noise, strict=True):
        alone = fit_ordinal(np.repeat(values, row), np.repeat(grades, row), 5, np.ones((1, row.sum())), growth=3)
        assert alone.edges[0] == pytest.approx(edges, abs=1e-4)  # an SD of resamples is 0.01
        assert alone.noise[0] == pytest.approx(noise, abs=1e-4)


@pytest.mark.parametrize("growth", [0, 3])
def test_with_many_ratings_the_edges_are_the_true_ones(growth: int) -> None:
    rng = np.random.default_rng(0)
    values = rng.beta(1, 1.3, 20_000)
    grades = np.digitize(values + rng.normal(0, 0.04, 20_000) * (1 + growth * values), EDGES)
    found = fit_ordinal(values, grades, 5, np.ones((1, 20_000)))
    assert found.growth[0] == growth
    assert found.edges[0] == pytest.approx(EDGES, abs=0.003)
    assert found.noise[0] == pytest.approx(0.04 * (1 + growth / 2), rel=0.02)


def test_ratings_without_noise_have_edges_in_their_gaps() -> None:
    values = (np.arange(100) + 0.5) / 100  # each edge lies in the middle between two
    found = fit_ordinal(values, np.digitize(values, EDGES), 5, np.ones((1, 100)))
    assert found.edges[0] == pytest.approx(EDGES, abs=0.002)
    assert 0 < found.noise[0] < 0.01


def test_a_grade_without_weight_leaves_none() -> None:
    values, grades = rated(120)
    weights = np.ones((2, 120))
    weights[1, grades == 3] = 0
    found = fit_ordinal(values, grades, 5, weights)
    assert np.isfinite(found.edges[0]).all()
    assert np.isnan(found.edges[1]).all()
    assert np.isnan(found.noise[1])


@pytest.mark.parametrize("turned", [True, False])
def test_grades_that_do_not_rise_have_no_edges(turned: bool) -> None:
    values, grades = rated(240)
    grades = 4 - grades if turned else np.random.default_rng(2).permutation(grades)
    assert np.isnan(fit_ordinal(values, grades, 5, np.ones((1, 240))).edges).all()
