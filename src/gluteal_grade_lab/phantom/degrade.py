"""What the scanner adds: shading, metal, noise."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import Grid
from gluteal_grade_lab.phantom.body import Body
from gluteal_grade_lab.phantom.noise import WaveNoise
from gluteal_grade_lab.phantom.shapes import F32


def world_points(grid: Grid) -> F32:
    """(n, 3) float32 RAS+ mm of all voxel centres, in C order of the array."""
    i, j, k = np.meshgrid(*[np.arange(n, dtype=np.float32) for n in grid.shape], indexing="ij")
    m = grid.affine.astype(np.float32)
    return np.stack([(m[r, 0] * i + m[r, 1] * j + m[r, 2] * k + m[r, 3]).ravel() for r in range(3)], axis=1)


def rician(signal: F32, sigma: float, rng: np.random.Generator) -> F32:
    """Magnitude of a signal with Gaussian noise of SD `sigma` in both channels (Gudbjartsson & Patz 1995)."""
    real = signal + np.float32(sigma) * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary = np.float32(sigma) * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.asarray(np.hypot(real, imaginary), dtype=np.float32)


def bias_field(grid: Grid, percent: float, seed: int) -> F32:
    """Smooth multiplicative shading within +- `percent` of 1, fixed in patient space; shape of the grid."""
    if percent == 0:
        return np.ones(grid.shape, dtype=np.float32)
    points = world_points(grid)
    waves = WaveNoise(seed + 900, 380, 800, waves=4).at(points[:, 0], points[:, 1], points[:, 2])
    return np.asarray(1 + np.float32(percent / 100) * np.tanh(waves), dtype=np.float32).reshape(grid.shape)


def metal_shading(body: Body, grid: Grid, void_mm: float, seed: int) -> F32:
    """Factor on the signal near an implant: 0 within about `void_mm` of the metal, a bright rim around, 1 far away.

    A picture of an artifact, not its physics: no slice or in-plane displacement.
    """
    side = body.parameters.implant_side
    factor = np.ones(grid.shape, dtype=np.float32)
    if side is None or void_mm <= 0:
        return factor
    lat, ant, sup, right = body.canonical(world_points(grid))
    mine = np.flatnonzero((right == (side == "right")) & (lat > 20))
    lat, ant, sup = lat[mine], ant[mine], sup[mine]
    d = body.hips[side].metal_distance(lat, ant, sup) + np.float32(void_mm * 0.14) * WaveNoise(seed + 901, 18, 40).at(lat, ant, sup)
    edge = np.clip((d - np.float32(void_mm)) / np.float32(4) + np.float32(0.5), 0, 1)
    rim = np.float32(0.9) * np.exp(-(((d - np.float32(void_mm + 4.5)) / np.float32(2.5)) ** 2))
    factor.reshape(-1)[mine] = edge * (1 + rim)
    return factor
