"""Dixon pairs whose water and fat are exchanged somewhere, as region-growing separations do: everywhere, in a leg, a slab or a blob."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gluteal_grade.geometry import Grid
from gluteal_grade_lab.phantom.degrade import world_points
from gluteal_grade_lab.phantom.noise import WaveNoise
from gluteal_grade_lab.phantom.shapes import F32

Mask = npt.NDArray[np.bool_]


class SwapKind(StrEnum):
    """Where water and fat are exchanged."""

    NONE = "none"
    WHOLE = "whole"
    LEG = "leg"  # one side of the body
    SLAB = "slab"  # some neighbouring slices
    LEG_SLAB = "leg_slab"  # some slices of one side
    BLOB = "blob"  # a rounded region about a hip


@dataclass(frozen=True)
class Swap:
    """One swap.

    Attributes:
        kind: where.
        side: +1 the patient's right, -1 left; for a leg, part of one, or a blob.
        between_mm: lowest and highest z of a slab.
        centre_mm: RAS+ middle of a blob.
        radius_mm: of a blob.
        seed: the border of a leg or blob is wavy by some millimetres.
    """

    kind: SwapKind
    side: int = 1
    between_mm: tuple[float, float] = (0.0, 0.0)
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius_mm: float = 0.0
    seed: int = 1


def swapped_voxels(swap: Swap, grid: Grid) -> Mask:
    """Which voxels of a grid have water and fat exchanged; a slab's ends lie between slices where the slices are axial."""
    if swap.kind in (SwapKind.NONE, SwapKind.WHOLE):
        return np.full(grid.shape, swap.kind is SwapKind.WHOLE)
    points = world_points(grid)
    x, y, z = points.T
    wavy = np.float32(4) * WaveNoise(swap.seed + 950, 60, 160).at(x, y, z)
    inside = np.ones(len(points), bool)
    if swap.kind in (SwapKind.LEG, SwapKind.LEG_SLAB):
        inside &= swap.side * x > wavy
    if swap.kind in (SwapKind.SLAB, SwapKind.LEG_SLAB):
        inside &= (z >= swap.between_mm[0]) & (z <= swap.between_mm[1])
    if swap.kind is SwapKind.BLOB:
        inside &= np.linalg.norm(points - np.array(swap.centre_mm, np.float32), axis=1) < swap.radius_mm + wavy
    return inside.reshape(grid.shape)


def with_swap(water: F32, fat: F32, where: Mask) -> tuple[F32, F32]:
    """The two images with their voxels exchanged in `where`."""
    return np.where(where, fat, water), np.where(where, water, fat)
