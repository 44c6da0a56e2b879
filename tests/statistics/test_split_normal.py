import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from gluteal_grade.statistics.split_normal import SplitNormal

sds = st.floats(0.001, 0.2)
modes = st.floats(0.0, 1.0)


@given(modes, sds, st.floats(0.01, 0.99))
def test_equal_halves_are_the_normal_distribution(mode, sd, p):
    both = SplitNormal(mode, sd, sd)
    assert both.quantile(p) == pytest.approx(norm.ppf(p, mode, sd), abs=1e-9)
    assert both.cdf(mode + sd) == pytest.approx(norm.cdf(1))


@given(modes, sds, sds, st.floats(0.001, 0.999))
def test_quantile_undoes_cdf(mode, below, above, p):
    split = SplitNormal(mode, below, above)
    assert split.cdf(split.quantile(p)) == pytest.approx(p, abs=1e-9)


def test_cdf_is_the_integral_of_a_density_that_is_continuous_at_the_mode():
    mode, below, above = 0.3, 0.01, 0.04
    top = math.sqrt(2 / math.pi) / (below + above)

    def density(x):
        return top * math.exp(-0.5 * ((x - mode) / (below if x < mode else above)) ** 2)

    split = SplitNormal(mode, below, above)
    for x in (0.28, 0.3, 0.33, 0.4):
        assert split.cdf(x) == pytest.approx(quad(density, 0.2, x, points=[mode])[0], abs=1e-7)


def test_no_width_is_a_step():
    split = SplitNormal(0.3, 0.0, 0.0)
    assert split.cdf(0.2999) == pytest.approx(0)
    assert split.cdf(0.3001) == pytest.approx(1)
