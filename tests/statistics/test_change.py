"""The difference of two split normals against sampling and against the closed form of normals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gluteal_grade.statistics.change import change_interval, difference_cdf, smallest_detectable_change, variance
from gluteal_grade.statistics.split_normal import SplitNormal

sds = st.floats(1e-5, 0.2)
fats = st.floats(0, 1)


def draw(of: SplitNormal, n: int, rng: np.random.Generator) -> np.ndarray:
    half = np.abs(rng.standard_normal(n))
    lower = rng.random(n) < of.below / (of.below + of.above)
    return of.mode + np.where(lower, -of.below, of.above) * half


@pytest.mark.parametrize(("a", "b"), [(0.01, 0.02), (0.003, 0.1), (1e-5, 0.05)])
def test_two_normals_give_the_normal_interval(a: float, b: float) -> None:
    low, high = change_interval(SplitNormal(0.1, a, a), SplitNormal(0.3, b, b))
    half = 1.959963984540054 * math.hypot(a, b)
    assert (low, high) == pytest.approx((0.2 - half, 0.2 + half), abs=1e-8)
    assert smallest_detectable_change(SplitNormal(0.1, a, a), SplitNormal(0.3, b, b)) == pytest.approx(half, rel=1e-12)


@pytest.mark.parametrize("widths", [((0.0, 0.03), (0.0, 0.03)), ((0.001, 0.04), (0.02, 0.005)), ((0.05, 0.0), (0.0, 0.002))])
def test_unequal_halves_agree_with_sampling(widths: tuple[tuple[float, float], tuple[float, float]]) -> None:
    prior, current = (SplitNormal(mode, *w) for mode, w in zip((0.2, 0.25), widths, strict=True))
    rng = np.random.default_rng(5)
    p, c = draw(prior, 2_000_000, rng), draw(current, 2_000_000, rng)
    scale = sum(map(sum, widths))
    assert change_interval(prior, current) == pytest.approx(tuple(np.quantile(c - p, [0.025, 0.975])), abs=0.004 * scale)
    assert variance(prior) == pytest.approx(float(p.var()), rel=0.005)


@pytest.mark.parametrize("widths", [((0.0, 0.03), (0.0, 0.03)), ((0.001, 0.04), (0.02, 0.005)), ((0.05, 0.01), (0.01, 0.002))])
def test_the_closed_form_agrees_with_sampling_everywhere(widths: tuple[tuple[float, float], tuple[float, float]]) -> None:
    prior, current = (SplitNormal(mode, *w) for mode, w in zip((0.2, 0.25), widths, strict=True))
    rng = np.random.default_rng(6)
    d = draw(current, 1_000_000, rng) - draw(prior, 1_000_000, rng)
    for x in np.quantile(d, [0.001, 0.1, 0.4, 0.5, 0.6, 0.9, 0.999]):
        assert difference_cdf(prior, current, float(x)) == pytest.approx(float(np.mean(d <= x)), abs=0.002)


@given(fats, fats, sds, sds, sds, sds)
@settings(deadline=None)
def test_exchanged_scans_exchange_the_bounds(f1: float, f2: float, a: float, b: float, c: float, d: float) -> None:
    prior, current = SplitNormal(f1, a, b), SplitNormal(f2, c, d)
    low, high = change_interval(prior, current)
    back = change_interval(current, prior)
    assert (-back[1], -back[0]) == pytest.approx((low, high), abs=1e-7)
    assert low < high
    assert difference_cdf(prior, current, low) == pytest.approx(0.025, abs=1e-6)
    assert difference_cdf(prior, current, high) == pytest.approx(0.975, abs=1e-6)
    assert smallest_detectable_change(prior, current) == smallest_detectable_change(current, prior) > 0


@pytest.mark.parametrize("widths", [(0.01, 0.01), (0.002, 0.012), (0.02, 0.0)])
def test_an_unchanged_muscle_goes_beyond_its_sdc_in_five_percent(widths: tuple[float, float]) -> None:
    """Two measurements of one truth, each off by what its interval states."""
    n, truth = 200_000, 0.3
    rng = np.random.default_rng(11)
    error = SplitNormal(0.0, *widths)
    prior, current = (truth - draw(error, n, rng) for _ in range(2))
    sdc = smallest_detectable_change(SplitNormal(truth, *widths), SplitNormal(truth, *widths))
    assert np.mean(np.abs(current - prior) > sdc) == pytest.approx(0.05, abs=0.007)  # 5.6 % where both lie on one side: no normal


def test_the_interval_holds_the_true_change_in_95_percent_whatever_the_halves() -> None:
    """The halves differ between the scans: the SDC alone would call changes where there are none."""
    rng = np.random.default_rng(12)
    n, one, two = 100_000, (0.0, 0.03), (0.03, 0.0)
    d = (0.3 - draw(SplitNormal(0, *two), n, rng)) - (0.3 - draw(SplitNormal(0, *one), n, rng))
    low, high = change_interval(SplitNormal(0, *one), SplitNormal(0, *two))
    covered = np.mean((d + low <= 0) & (d + high >= 0))
    assert covered == pytest.approx(0.95, abs=0.005)
    assert np.mean(np.abs(d) > smallest_detectable_change(SplitNormal(0, *one), SplitNormal(0, *two))) > 0.3
