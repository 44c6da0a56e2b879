"""What a network sees of an image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from gluteal_grade.geometry import Volume, upright_grid
from gluteal_grade.segmentation.look import field_of_view, look, network_grid
from tests.segmentation.fakes import centred


def test_outside_the_field_of_view_is_zero_and_does_not_set_the_scale() -> None:
    image = Volume(np.full((20, 20, 20), 500.0, np.float32), np.eye(4))
    image.array[::2] = 1000.0
    near, far = (upright_grid([a] * 3, [b] * 3, 1.0) for a, b in ((0, 19), (-60, 79)))
    seen = look(image, far, ct=False)
    assert set(np.unique(seen)) == {0.0, 1.0}
    assert np.array_equal(seen[60:80, 60:80, 60:80], look(image, near, ct=False))
    assert not seen[:59].any()


def test_fine_voxels_are_averaged_not_picked() -> None:
    """A chessboard of 1 mm voxels is grey at 4 mm; every point of this grid lies on a black voxel's centre."""
    i, j, k = np.indices((60, 60, 30))
    image = Volume((((i + j + k) % 2) * 1000).astype(np.float32), np.diag([1.0, 1.0, 2.0, 1.0]))
    image.array[:, :, :8] = 0  # both ends of the scale are there
    image.array[:, :, -8:] = 1000
    seen = look(image, upright_grid([10, 10, 0], [50, 50, 56], 4.0), ct=False)
    assert np.abs(seen[:, :, 7] - 0.5).max() < 0.05


@pytest.mark.parametrize("flip", [0, 1, 2])
def test_an_image_stored_backwards_looks_the_same(flip: int) -> None:
    rng = np.random.default_rng(flip)
    smooth = gaussian_filter(rng.random((41, 35, 12)), (4, 4, 1))
    image = Volume(smooth.astype(np.float32), centred((41, 35, 12), np.diag([1.5, 1.5, 5.0])).affine)
    turn = np.eye(4)
    turn[flip, flip], turn[flip, 3] = -1, image.shape[flip] - 1
    back = Volume(np.flip(image.array, flip), image.affine @ turn)
    grid = network_grid(*field_of_view(image.grid), 5.0, 16)
    a, b = look(image, grid, ct=False), look(back, grid, ct=False)
    inside = (a > 0) & (b > 0)
    assert inside.sum() > 1000
    assert np.abs(a - b)[inside].mean() < 0.06  # blocks may begin one voxel elsewhere


@given(st.floats(1, 300), st.floats(1, 300), st.floats(1, 300))
def test_a_network_never_gets_a_grid_that_shrinks_to_one_voxel(x: float, y: float, z: float) -> None:
    low = np.zeros(3)
    grid = network_grid(low, np.array([x, y, z]), 5.0, 16)
    assert all(n % 16 == 0 for n in grid.shape)
    assert np.prod(grid.shape) >= 2 * 16**3
    assert (grid.corners_mm().min(axis=0) <= low + 1e-6).all()
    assert (grid.corners_mm().max(axis=0) >= [x - 1e-6, y - 1e-6, z - 1e-6]).all()
