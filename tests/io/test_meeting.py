"""How two grids lie to each other along the body."""

import numpy as np
import pytest

from gluteal_grade.geometry import Grid
from gluteal_grade.io.meeting import box_in, common_grid, meeting, span_mm


def grid(
    first_mm: float,
    slices: int,
    thick_mm: float = 4.0,
    *,
    x_mm: float = 0.0,
    size_mm: float = 2.0,
    wide: int = 40,
    turn_deg: float = 0.0,
) -> Grid:
    affine = np.diag([size_mm, 2.0, thick_mm, 1.0])
    affine[:3, 3] = x_mm, 0, first_mm
    turn = np.eye(4)
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turn[1:3, 1:3] = [[c, -s], [s, c]]
    return Grid((wide, 30, slices), turn @ affine)


def test_overlap_is_told_in_mm_and_of_the_shorter_one() -> None:
    met = meeting(grid(0, 20), grid(72, 10))
    assert met.overlap_mm == pytest.approx(8)
    assert met.share == pytest.approx(0.2)
    assert met.differs == ""
    assert meeting(grid(0, 20), grid(90, 10)).overlap_mm == pytest.approx(-10)


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (grid(72, 20, size_mm=2.1), "size"),
        (grid(72, 20, thick_mm=9.0), "size"),
        (grid(72, 20, x_mm=3.0), "field of view"),
        (grid(72, 20, wide=60), "field of view"),
        (grid(72, 20, turn_deg=3), "direction"),
    ],
)
def test_what_stations_share(other: Grid, word: str) -> None:
    assert word in meeting(grid(0, 20), other).differs


@pytest.mark.parametrize(
    "other",
    [
        grid(70, 20, x_mm=1.5),
        grid(72, 20, thick_mm=3.5),
        grid(72, 20, wide=44, x_mm=-4),
        grid(72, 20, turn_deg=0.01),
    ],
)
def test_what_stations_may_differ_in(other: Grid) -> None:
    assert meeting(grid(0, 20), other).differs == ""


@pytest.mark.parametrize(("first", "thick"), [(80, 4), (74, 4), (79.5, 3), (79.75, 3.5), (80.25, 4.5)])
def test_every_slice_of_the_common_grid_lies_in_a_station(first: float, thick: float) -> None:
    stations = [grid(0, 20), grid(first, 15, thick)]
    whole = common_grid(stations)
    covered = np.zeros(whole.shape, bool)
    for one in stations:
        covered[box_in(one, whole)] = True
    assert covered.all()
    assert whole.spacing_mm[2] == min(4, thick)
    low, high = span_mm(whole)
    assert low >= span_mm(stations[0])[0] - thick
    assert high <= span_mm(stations[1])[1] + 1.5
    assert whole.shape[2] >= (span_mm(stations[1])[1] - span_mm(stations[0])[0]) / whole.spacing_mm[2] - 1.6
