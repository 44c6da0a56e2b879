import numpy as np
import pytest

from gluteal_grade.vocabulary import Side
from gluteal_grade_lab.phantom.grids import axial_grid, hip_grid


def test_the_box_is_filled_and_centred():
    grid = axial_grid((-10, -20, -30), (10, 20, 30), (2, 4, 5))
    assert grid.shape == (10, 10, 12)
    assert grid.corners_mm().min(axis=0) == pytest.approx([-9, -18, -27.5])
    assert grid.corners_mm().max(axis=0) == pytest.approx([9, 18, 27.5])


def test_tilting_keeps_the_centre_and_the_spacing():
    grid = axial_grid((-10, -20, -30), (10, 20, 30), (2, 4, 5), tilt_deg=(10, -20, 30))
    assert grid.corners_mm().mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-9)
    assert grid.spacing_mm == pytest.approx((2, 4, 5))
    assert np.degrees(np.arccos(grid.affine[2, 2] / 5)) == pytest.approx(
        np.degrees(np.arccos(np.cos(np.radians(10)) * np.cos(np.radians(20))))
    )


def test_a_hip_grid_is_on_its_side_and_covers_a_gluteus(body):
    for side, sign in ((Side.RIGHT, 1), (Side.LEFT, -1)):
        corners = hip_grid(side).corners_mm()
        assert np.all(sign * corners[:, 0] > 0)
        points = body.lattices[side].points[body.lattice_ids[side] > 0]
        assert np.all(points > corners.min(axis=0) + 2)
        assert np.all(points < corners.max(axis=0) - 2)
