"""How much of a body a scan shows: one hip, the middle of the pelvis, a belly or a thigh alone, askew."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def one_hip(where: Tensor, head: np.ndarray, spacing_mm: float, rng: np.random.Generator) -> Tensor:
    """A scan of a box around one hip: 18 to 32 cm from side to side and back to front, ending anywhere up and down.

    Args:
        where: (3, x, y, z) body voxel coordinates.
        head: (3,) femoral head of that hip, the same.
        spacing_mm: of a body voxel.
        rng: random source.

    Returns:
        (x, y, z) bool.
    """
    shift = np.array([0.0, -25.0, 20.0]) + rng.normal(0, (15.0, 15.0, 30.0))
    size = np.array([*rng.uniform(180, 320, 2), rng.uniform(90, 320)])
    return _box(where, head + shift / spacing_mm, size / spacing_mm)


def middle(where: Tensor, heads: np.ndarray, spacing_mm: float, rng: np.random.Generator) -> Tensor:
    """A scan of prostate, uterus, rectum or sacrum: 15 to 32 cm wide about the midline, so that both hips are cut at the sides.

    Args:
        where: (3, x, y, z) body voxel coordinates.
        heads: (2, 3) femoral heads, the same.
        spacing_mm: of a body voxel.
        rng: random source.

    Returns:
        (x, y, z) bool.
    """
    shift = np.array([0.0, -20.0, 25.0]) + rng.normal(0, (8.0, 25.0, 35.0))
    width = float(rng.uniform(150, 320))
    size = np.array([width, width * float(rng.uniform(0.8, 1.2)), rng.uniform(60, 300)])
    return _box(where, heads.mean(axis=0) + shift / spacing_mm, size / spacing_mm)


def _box(where: Tensor, centre: np.ndarray, size: np.ndarray) -> Tensor:
    """A box along the grid's own axes, as scanners have it, about a place of the body; centre and size in body voxels."""
    steps = [slice(step // 2, None, step) for step in (max(1, n // 8) for n in where.shape[1:])]
    axes = np.meshgrid(*[np.arange(n)[step] for n, step in zip(where.shape[1:], steps, strict=True)], indexing="ij")
    places = where[:, steps[0], steps[1], steps[2]].reshape(3, -1).numpy().T
    index = np.stack([*[axis.ravel() for axis in axes], np.ones(axes[0].size)], axis=1)
    fit = np.linalg.lstsq(index, places, rcond=None)[0]
    where_centre = np.linalg.solve(fit[:3].T, centre - fit[3])
    half = size / np.linalg.norm(fit[:3], axis=1) / 2
    inside = torch.ones(where.shape[1:], dtype=torch.bool)
    for axis, (n, at, reach) in enumerate(zip(where.shape[1:], where_centre, half, strict=True)):
        within = (torch.arange(n) - float(at)).abs() < float(reach)
        inside &= within.reshape([-1 if a == axis else 1 for a in range(3)])
    return inside


def slab(where: Tensor, heads: np.ndarray, part: str, spacing_mm: float, rng: np.random.Generator) -> Tensor:
    """A scan of the belly or of the thighs alone, or of a slab of a few centimetres somewhere; (x, y, z) bool.

    Args:
        where: (3, x, y, z) body voxel coordinates.
        heads: (2, 3) femoral heads, the same.
        part: "belly" (ends at or above the hip joints' roof), "thigh" (ends below the heads), "slab".
        spacing_mm: of a body voxel.
        rng: random source.
    """
    up = (where[2] - float(heads[:, 2].mean())) * spacing_mm
    if part == "belly":
        return up > float(rng.uniform(30, 150))
    if part == "thigh":
        return up < float(rng.uniform(-110, 10))
    middle, thick = float(rng.uniform(-80, 120)), float(rng.uniform(25, 110))
    return (up - middle).abs() < thick / 2


def askew(shape: tuple[int, ...], rng: np.random.Generator) -> Tensor:
    """A field of view that lies turned in the network's grid: its corners hold nothing. (x, y, z) bool."""
    angle = np.deg2rad(float(rng.uniform(-25, 25)))
    first, second = ((0, 1), (0, 2), (1, 2))[int(rng.choice(3, p=(0.5, 0.25, 0.25)))]
    axes = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in shape]
    grid = torch.meshgrid(*axes, indexing="ij")
    along = grid[first] * float(np.cos(angle)) + grid[second] * float(np.sin(angle))
    across = grid[second] * float(np.cos(angle)) - grid[first] * float(np.sin(angle))
    reach = rng.uniform(0.8, 1.05, 2) * (shape[first] / 2, shape[second] / 2)
    return (along.abs() < float(reach[0])) & (across.abs() < float(reach[1]))
