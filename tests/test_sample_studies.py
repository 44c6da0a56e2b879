"""The sample studies against their exact truth, within what the README promises."""

import pytest

from gluteal_grade_lab.measuring.accuracy import Row, compare, graded_sample

POINTS = {"dixon": 1.0, "t1": 3.0}


@pytest.fixture(scope="module", params=["healthy_dixon", "osteoarthritis_t1", "tha_mars"])
def rows(request: pytest.FixtureRequest) -> list[Row]:
    return list(compare(request.param))


def test_every_muscle_and_region_is_there(rows: list[Row]) -> None:
    assert len(rows) == 10
    assert sum(r.whole for r in rows) == 6


def test_volumes_within_one_percent(rows: list[Row]) -> None:
    assert max(abs(r.volume_error_percent) for r in rows) <= 1.0


def test_fat_fractions_within_the_promise(rows: list[Row]) -> None:
    """Muscles against the anatomy; a thin region against its labelled voxels, as its border alone moves the mean by up to 2.6 points."""
    assert max(abs(r.ff_error_points if r.whole else r.ff_error_on_labels_points) for r in rows) <= POINTS[rows[0].method]


def test_quartile_grades_are_right_unless_truth_lies_on_an_edge(rows: list[Row]) -> None:
    sure = [r for r in rows if r.edge_distance_points > POINTS[r.method]]
    assert len(sure) >= 5, "the samples would not test much"
    assert [r.name for r in sure if r.quartile != r.true_quartile] == []


def test_tha_is_measured_on_the_mars_series() -> None:
    result = graded_sample("tha_mars")
    assert result.fat is not None
    assert "metal-artifact reduction" in result.fat.why
    mars = next(s for s in result.series if s.id == result.fat.series[0])
    assert mars.mars
    assert all(s.why_not for s in result.series if not s.used)
