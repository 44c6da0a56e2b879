"""Two stations of one examination, table moved between them: how much brighter the upper one is, and both made one picture.

A station is a volume; here its arrays of several contrasts (water, fat, ...) come together. They share the receiver, so one factor holds
for all of them and leaves every fat fraction as it is. What a station adds to all its values (an offset) is each contrast's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gluteal_grade.geometry import FloatArray

_BLOCK = 4  # voxels along each axis within a slice over which means are compared: noise and a shift below a voxel hardly touch them
_FEWEST = 30  # blocks with something in them
_TISSUE = 0.1  # of the brightest blocks' mean: beyond is no air
_LEAST_OFFSET = 0.01  # of tissue: less moves a fat fraction by less than half a point
_DARKEST = 0.05  # share of the blocks that show what is added to nothing


@dataclass(frozen=True)
class Likeness:
    """How two pictures of one place compare.

    Attributes:
        gain: brightness of the upper station over the lower.
        correlation: of the means over blocks, all contrasts together; NaN where too little is seen.
    """

    gain: float
    correlation: float


_UNLIKE = Likeness(1.0, float("nan"))


def likeness_of(lower: Sequence[FloatArray], upper: Sequence[FloatArray]) -> Likeness:
    """Compare two stations where they overlap.

    Args:
        lower: contrasts of the one, (x, y, z) on the grid of the overlap.
        upper: the same contrasts of the other, on the same grid.
    """
    pairs = [(_blocks(a), _blocks(b)) for a, b in zip(lower, upper, strict=True)]
    seen = np.sum([a / _bright(a) + b / _bright(b) for a, b in pairs], axis=0)
    if not seen.size or int((seen > _TISSUE * _bright(seen)).sum()) < _FEWEST:
        return _UNLIKE
    x = np.concatenate([a - a.mean() for a, _ in pairs])
    y = np.concatenate([b - b.mean() for _, b in pairs])
    if not x.any() or not y.any():
        return _UNLIKE
    # either picture is as noisy as the other: neither is regressed on the other
    gain = float(np.sqrt((y**2).sum() / (x**2).sum()))
    if not any(offset_of(a, b, gain) for a, b in zip(lower, upper, strict=True)):
        gain = float(np.sqrt(sum((b**2).sum() for _, b in pairs) / sum((a**2).sum() for a, _ in pairs)))
    return Likeness(gain, float((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())))


def offset_of(lower: FloatArray, upper: FloatArray, gain: float) -> float:
    """What the upper station adds to all values of a contrast, ``upper = gain * lower + offset``, in its units.

    0 unless it is clear: the darkest blocks must tell the same as all blocks do.

    Args:
        lower, upper: the contrast on the grid of the overlap.
        gain: see `Likeness`.
    """
    a, b = _blocks(lower), _blocks(upper)
    if not a.size:
        return 0.0
    everywhere = float(b.mean() - gain * a.mean())
    seen = b + gain * a
    dark = seen <= np.quantile(seen, _DARKEST)
    in_the_dark = float(b[dark].mean() - gain * a[dark].mean())
    least = _LEAST_OFFSET * max(_bright(b), gain * _bright(a))
    sure = min(abs(everywhere), abs(in_the_dark)) > least and 0.5 < everywhere / in_the_dark < 2
    return in_the_dark if sure else 0.0


def _blocks(array: FloatArray) -> FloatArray:
    """Means over blocks within the slices and over all slices, one row."""
    plane = np.nan_to_num(np.asarray(array, np.float64)).mean(axis=2)
    i, j = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    return np.asarray(plane[: i * _BLOCK, : j * _BLOCK].reshape(i, _BLOCK, j, _BLOCK).mean(axis=(1, 3)).ravel())


def _bright(values: FloatArray) -> float:
    return max(float(np.quantile(values, 0.95)), 1e-12) if values.size else 1e-12


def ramp(count: int) -> FloatArray:
    """Weights of the upper station over `count` slices of an overlap, from near 0 to near 1, smooth at both ends."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(count, 1)), np.float32)
