import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from gluteal_grade.grading.probability import grade_probabilities, other_grade
from gluteal_grade.grading.scales import load_scales

QUARTILE = load_scales().scales["quartile"].active


def test_against_the_normal_distribution():
    p = grade_probabilities(QUARTILE, norm(0.24, 0.02).cdf)
    inner = norm(0.24, 0.02).cdf
    assert p == pytest.approx([inner(0.10), inner(0.25) - inner(0.10), inner(0.50) - inner(0.25), 0, 0], abs=1e-9)


@given(st.floats(-0.1, 1.1), st.floats(0.001, 0.3))
def test_they_sum_to_one_and_a_narrow_one_agrees_with_the_grade(mean, sd):
    p = grade_probabilities(QUARTILE, norm(mean, sd).cdf)
    assert sum(p) == pytest.approx(1)
    assert all(0 <= x <= 1 for x in p)
    if abs(QUARTILE.nearest_edge(mean)) > 3 * sd:
        assert max(range(5), key=p.__getitem__) == QUARTILE.grade(mean)


@pytest.mark.parametrize(
    ("p", "grade", "other"),
    [((0.1, 0.7, 0.2), 1, None), ((0.1, 0.69, 0.21), 1, 2), ((0.6, 0.4, 0.0), 1, 0), ((0.3, 0.4, 0.3), None, None), ((), 1, None)],
)
def test_borderline_above_the_threshold(p, grade, other):
    assert other_grade(p, grade, 0.2) == other
