"""Is a region of a picture exchanged? Any direction of slices, any place; neither labels nor skin are needed.

Balls whose surface looks turned are tried first in a coarse picture, then as the least cut among lumps of one tissue, then voxel by
voxel (`fat/interfaces.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from gluteal_grade.config import SwapSettings
from gluteal_grade.fat.balls import likely_balls
from gluteal_grade.fat.interfaces import Cut, Interfaces, Point, Spacing, interfaces
from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging import Mask

_COARSE_MM, _FINE_MM, _LUMP_MM = 8.0, 4.0, 10.0
_BAND_MM = 14.0  # the surface is sought so far from a ball's
_PER_RADIUS, _TRIED = 10, 6
_TURNS = 4  # a ball is centred anew on what was found, so often at most
_BETTER = 1.0  # cm2
_HOPE = 0.0  # cm2 for an exchange among lumps, to look closer
_SMALLEST_MM = 20.0  # radius
_REGIONS = 3  # of one picture, at most
_FULL = 0.3  # of a cell, tissue


def swapped_region(polarity: FloatArray, spacing_mm: Spacing, settings: SwapSettings) -> Mask:
    """Voxels of exchanged regions, with `region_margin_mm` about them; none in most pictures.

    Args:
        polarity: 2 FF - 1, NaN outside the body and where there is no signal.
        spacing_mm: in the order of its axes.
        settings: `decided`, `min_region_cm2`, `max_region_cut`, `region_margin_mm`.
    """
    region = np.zeros(polarity.shape, bool)
    for _ in range(_REGIONS):
        one = _plainest(np.where(region, np.nan, polarity) if region.any() else polarity, spacing_mm, settings)
        if not one.any():
            break
        region |= ndimage.distance_transform_edt(~one, spacing_mm) <= settings.region_margin_mm
    return region


def _plainest(polarity: FloatArray, spacing_mm: Spacing, settings: SwapSettings) -> Mask:
    """Voxels of the region with the most for it; none where there is no region."""
    region = np.zeros(polarity.shape, bool)
    there = np.isfinite(polarity)
    if not there.any():
        return region
    along = [np.flatnonzero(there.any(axis=tuple(d for d in range(3) if d != axis))) for axis in range(3)]
    box = tuple(slice(int(seen[0]), int(seen[-1]) + 1) for seen in along)
    cells, steps, size = _cells(polarity[box], spacing_mm, _FINE_MM)
    found = _best(polarity[box], spacing_mm, cells, size, settings)
    if found is not None:
        inside = found.reshape(cells.shape).repeat(steps[0], 0).repeat(steps[1], 1).repeat(steps[2], 2)
        region[box] = inside[tuple(slice(0, n) for n in polarity[box].shape)]
    return region


def _best(polarity: FloatArray, spacing_mm: Spacing, cells: FloatArray, size: Spacing, settings: SwapSettings) -> Mask | None:
    """(cells,) inside the surface with the most for it among those with enough."""
    coarse, _, wide = _cells(polarity, spacing_mm, _COARSE_MM)
    balls = likely_balls(np.nan_to_num(coarse), np.isfinite(coarse).astype(np.float32), wide, _PER_RADIUS)
    if not balls:
        return None
    voxels = None
    best: Cut | None = None
    for centre, radius in _promising(interfaces(cells, size, settings.decided, _LUMP_MM), balls):
        voxels = voxels or interfaces(cells, size, settings.decided)
        found = voxels.cut(centre, radius, _BAND_MM)
        for _ in range(_TURNS):
            if found is None or not found.inside.any():
                break
            again = voxels.cut(*voxels.middle(found.inside), _BAND_MM)
            if again is None or again.gain < found.gain + _BETTER:
                break
            found = again
        enough = found is not None and found.gain >= settings.min_region_cm2 and found.through <= settings.max_region_cut
        if found and enough and (best is None or found.gain > best.gain):
            best = found
    if voxels is None or best is None:
        return None
    return np.asarray((voxels.node >= 0) & best.inside[voxels.node])


def _promising(lumps: Interfaces, balls: list[tuple[Point, float]]) -> Iterator[tuple[Point, float]]:
    """The best balls, each centred on what it holds, no two of the same place and size."""
    cuts = [(ball, cut) for ball in balls if (cut := lumps.cut(*ball, _BAND_MM)) is not None]
    kept: list[tuple[Point, float]] = []
    for ball, first in sorted(cuts, key=lambda c: -c[1].turned)[:_TRIED]:
        (centre, radius), cut = _settled(lumps, ball, first)
        if cut.turned < _HOPE:
            continue
        if any(np.linalg.norm(np.subtract(centre, c)) < _BAND_MM and abs(radius - r) < _BAND_MM for c, r in kept):
            continue
        kept.append((centre, radius))
        yield centre, radius


def _settled(lumps: Interfaces, ball: tuple[Point, float], cut: Cut) -> tuple[tuple[Point, float], Cut]:
    """The ball centred anew on what its surface holds, of that size or a little smaller or larger, while that is better."""
    for _ in range(_TURNS):
        if not cut.inside.any():
            break
        centre, size = lumps.middle(cut.inside)
        near = [(centre, size + more) for more in (0.0, -_BAND_MM / 2, _BAND_MM / 2) if size + more > _SMALLEST_MM]
        tried = [(n, again) for n in near if (again := lumps.cut(*n, _BAND_MM)) is not None]
        if not tried:
            break
        best, again = max(tried, key=lambda t: t[1].turned)
        if again.turned < cut.turned + _BETTER:
            break
        ball, cut = best, again
    return ball, cut


def _cells(polarity: FloatArray, spacing_mm: Spacing, size_mm: float) -> tuple[FloatArray, tuple[int, ...], Spacing]:
    """Means over boxes of about `size_mm`: NaN where little of one is tissue; voxels a box, and its size."""
    steps = tuple(max(1, round(size_mm / s)) for s in spacing_mm)
    wide = [(0, -n % k) for n, k in zip(polarity.shape, steps, strict=True)]
    there = np.pad(np.isfinite(polarity), wide)
    value = np.pad(np.nan_to_num(polarity), wide)
    shape = [v for n, k in zip(there.shape, steps, strict=True) for v in (n // k, k)]
    count = there.reshape(shape).sum(axis=(1, 3, 5))
    total = value.reshape(shape).sum(axis=(1, 3, 5))
    mean = np.where(count > _FULL * np.prod(steps), total / np.maximum(count, 1), np.nan)
    x, y, z = (k * s for k, s in zip(steps, spacing_mm, strict=True))
    return mean.astype(np.float32), steps, (x, y, z)
