import numpy as np
import pytest

from gluteal_grade_lab.phantom.degrade import bias_field, metal_shading, rician
from gluteal_grade_lab.phantom.grids import axial_grid


def test_rician_moments():
    rng = np.random.default_rng(1)
    # Rayleigh where there is no signal: mean sigma sqrt(pi/2), variance (2 - pi/2) sigma^2
    air = rician(np.zeros(200_000, np.float32), 3.0, rng)
    assert air.mean() == pytest.approx(3 * np.sqrt(np.pi / 2), rel=0.01)
    assert air.var() == pytest.approx((2 - np.pi / 2) * 9, rel=0.02)
    # the second moment is S^2 + 2 sigma^2 at every signal
    for signal in (1.0, 5.0, 60.0):
        noisy = rician(np.full(200_000, signal, np.float32), 3.0, rng).astype(float)
        assert (noisy**2).mean() == pytest.approx(signal**2 + 18, rel=0.02)


def test_bias_is_smooth_and_bounded():
    grid = axial_grid((-200, -160, -140), (200, 100, 140), (10, 10, 10))
    field = bias_field(grid, 15, seed=3)
    assert 0.85 <= field.min() < 0.97
    assert 1.03 < field.max() <= 1.15
    assert max(np.abs(np.diff(field, axis=a)).max() for a in range(3)) < 0.04
    assert np.all(bias_field(grid, 0, seed=3) == 1)


def test_metal_darkens_its_own_side_only(body):
    grid = axial_grid((-195, -160, -100), (195, 100, 100), (5, 5, 5))
    small, large = (metal_shading(body, grid, mm, seed=1) for mm in (7, 22))
    head = tuple(np.rint(grid.to_voxel([-90, 0, 0])).astype(int))
    assert small[head] == large[head] == 0
    x = grid.to_world(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1))[..., 0]
    assert np.all(large[x > 0] == 1)
    assert (large < 0.5).sum() > 2 * (small < 0.5).sum()
    assert large.max() > 1.3  # the rim
