"""Balls in a picture whose surface has much water on one side and fat on the other: where an exchanged region may lie."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

from gluteal_grade.fat.interfaces import Point, Spacing
from gluteal_grade.geometry import FloatArray

RADII_MM = (36.0, 46.0, 58.0, 70.0)
_THICK_MM = 6.0  # the surface is felt so far in and out
_APART_MM = 8.0  # balls nearer to each other are one
_MIN_SEEN = 0.05  # of a ball's surface, pure tissue on both sides
_LEAST = -0.6  # of a ball's score, over all that touches its surface; of sound pictures few balls have more


def likely_balls(polarity: FloatArray, weight: FloatArray, spacing_mm: Spacing, most: int) -> list[tuple[Point, float]]:
    """The likeliest centres of each radius, at most so many: middles in mm from the corner of the grid, and radii.

    Neighbouring cells are the same or turned, the turned ones seen from inside are gained or lost; all are summed over thick shells
    by correlation.

    Args:
        polarity: (x, y, z) mean of 2 FF - 1 in coarse cells, 0 where there is no tissue.
        weight: share of each cell that is tissue.
        spacing_mm: of the cells.
        most: for each radius.
    """
    reach = [int(np.ceil((RADII_MM[-1] + _THICK_MM) / s)) + 1 for s in spacing_mm]
    size = [fft.next_fast_len(n + 2 * k, real=True) for n, k in zip(polarity.shape, reach, strict=True)]
    pairs = [[fft.rfftn(part, size) for part in _pairs(polarity, weight, axis)] for axis in range(3)]
    near = [2 * round(_APART_MM / s) + 1 for s in spacing_mm]
    found: list[tuple[Point, float]] = []
    for radius in RADII_MM:
        reach = [int(np.ceil((radius + _THICK_MM) / s)) + 1 for s in spacing_mm]
        inner = tuple(slice(k, k + n) for k, n in zip(reach, polarity.shape, strict=True))
        total = [0.0, 0.0, 0.0]
        for axis, (same, up, down) in enumerate(pairs):
            ahead, behind = (fft.rfftn(k[::-1, ::-1, ::-1], size) for k in _shell(radius, spacing_mm, reach, axis))
            parts = (same * (ahead + behind), up * ahead + down * behind, down * ahead + up * behind)
            total = [t + p for t, p in zip(total, parts, strict=True)]
        same, gained, lost = (fft.irfftn(t, size)[inner] for t in total)
        touched = same + gained + lost
        score = 2 * np.minimum(gained, lost) + 0.3 * (gained + lost) - 0.9 * same
        seen = touched > _MIN_SEEN * 4 * np.pi * radius**2 * _THICK_MM / np.prod(spacing_mm)
        peak = seen & (score == ndimage.maximum_filter(score, near)) & (score > _LEAST * touched)
        places = np.argwhere(peak)[np.argsort(-(score[peak] / touched[peak]), kind="stable")[:most]]
        for place in places:
            x, y, z = ((int(i) + 0.5) * s for i, s in zip(place, spacing_mm, strict=True))
            found.append(((x, y, z), radius))
    return found


def _pairs(polarity: FloatArray, weight: FloatArray, axis: int) -> list[FloatArray]:
    """Cells and their next ones along an axis: the same, from water to fat, from fat to water; by how pure both are."""
    n = polarity.shape[axis]
    low, high = ([slice(*end) if d == axis else slice(None) for d in range(3)] for end in ((0, n - 1), (1, n)))
    a, b = polarity[tuple(low)], polarity[tuple(high)]
    sure = np.abs(a * b) * np.minimum(weight[tuple(low)], weight[tuple(high)])
    wide = [(0, 1) if d == axis else (0, 0) for d in range(3)]
    return [np.pad(np.where(which, sure, 0), wide).astype(np.float32) for which in (a * b > 0, (a < 0) & (b > 0), (a > 0) & (b < 0))]


def _shell(radius: float, spacing_mm: Spacing, reach: list[int], axis: int) -> tuple[FloatArray, FloatArray]:
    """Weights of pairs along an axis on a ball's surface that lead outwards, and of those that lead inwards."""
    ends = [(np.arange(-k, k + 1) + (0.5 if d == axis else 0.0)) * s for d, (k, s) in enumerate(zip(reach, spacing_mm, strict=True))]
    grid = np.meshgrid(*ends, indexing="ij", sparse=True)
    distance = np.sqrt(sum(x * x for x in grid))
    along = grid[axis] / np.maximum(distance, 1e-6)
    shell = np.clip(1 - np.abs(distance - radius) / _THICK_MM, 0, 1) * along**2
    return (shell * (along > 0)).astype(np.float32), (shell * (along < 0)).astype(np.float32)
