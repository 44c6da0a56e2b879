"""Slices of one image that are not what their place says: exchanged, repeated or empty between others. Certain cases only."""

from __future__ import annotations

import hashlib
from itertools import combinations

import numpy as np

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging.planes import Mask

_BLOCK = 4  # pixels a side: averages out noise
_BETTER = 0.8  # of the difference to the neighbours that is left when two slices change places back; sound stacks get worse by a half
_USUAL = 1.15  # what exchanging two neighbours does to a sound stack, at least, in the middle of all its neighbours
_FOREIGN = 1.25  # times the difference between its neighbours: a slice differs that much from both
_FEW = 0.34  # of all slices: where more seem exchanged it is the way the image was made
_PACKAGES = 3.5  # slices: of more packages than four nobody acquires
_LIKER = 0.75  # of the difference to the neighbours
_MANY = 0.2  # of all slices repeated: resampled to thinner slices
_FEWEST = 6  # slices from which neighbours tell something
_MOST_FOREIGN = 12


def moved_slices(image: FloatArray, slice_axis: int) -> tuple[tuple[int, int], ...]:
    """Pairs of slices that certainly changed places: exchanged back, each fits its neighbours far better.

    Args:
        image: (x, y, z) magnitudes or HU.
        slice_axis: array axis across the slices.
    """
    planes = _blocks(np.moveaxis(image, slice_axis, 0))
    count = len(planes)
    if count < _FEWEST:
        return ()
    near, far = _difference(planes[:-1], planes[1:]), _difference(planes[:-2], planes[2:])
    with np.errstate(divide="ignore", invalid="ignore"):
        # slices k and k + 1 exchanged: k - 1 meets k + 1, and k meets k + 2
        gain = (far[:-1] + far[1:]) / (near[:-2] + near[2:])
        foreign = np.minimum(near[:-1], near[1:]) / far
    if not np.isfinite(gain).all() or float(np.median(gain)) < _USUAL:
        return ()
    found: list[tuple[int, int]] = []
    for k in sorted(np.flatnonzero(gain < _BETTER).tolist(), key=lambda k: float(gain[k])):
        if not any({k + 1, k + 2} & set(pair) for pair in found):  # what an exchange does to its neighbours is none
            found.append((k + 1, k + 2))
    odd = (1 + np.flatnonzero(foreign > _FOREIGN)).tolist()
    if len(odd) <= _MOST_FOREIGN:
        found += [(i, j) for i, j in combinations(odd, 2) if j - i > 1 and _better_exchanged(planes, i, j)]
    return tuple(sorted(found)) if 2 * len(found) <= max(2, _FEW * count) else ()


def shuffled(image: FloatArray, slice_axis: int) -> bool:
    """Whether the slices as a whole are certainly not in order: what is most like a slice lies far from it, and is far more like it.

    Packages of every second or third slice that are brighter or shifted are not meant.
    """
    planes = _blocks(np.moveaxis(image, slice_axis, 0))
    count = len(planes)
    if count < _FEWEST:
        return False
    flat = planes.reshape(count, -1)
    apart = np.stack([np.abs(flat - one).mean(axis=1) for one in flat])
    beside = np.minimum(np.r_[np.inf, np.diagonal(apart, 1)], np.r_[np.diagonal(apart, 1), np.inf])
    np.fill_diagonal(apart, np.inf)
    far = np.abs(apart.argmin(axis=1) - np.arange(count))
    with np.errstate(divide="ignore", invalid="ignore"):
        closer = apart.min(axis=1) / beside
    return bool(np.isfinite(closer).all() and float(np.median(far)) > _PACKAGES and float(np.median(closer)) < _LIKER)


def repeated_slices(image: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True for slices that are, pixel for pixel, the picture of a neighbour, or the only two of a stack that are the same.

    None where an image is made that way throughout.
    """
    planes = np.moveaxis(image, slice_axis, 0)
    if len(two := _same_elsewhere(planes)) == 2:
        return np.isin(np.arange(len(planes)), two)
    again = [k for k in range(len(planes) - 1) if np.array_equal(planes[k], planes[k + 1]) and planes[k].min() != planes[k].max()]
    same = np.zeros(len(planes), bool)
    same[again] = True
    same[[k + 1 for k in again]] = True
    for end in (same, same[::-1]):  # alike up to the edge: synthetic images end so
        end[: next((n for n, one in enumerate(end) if not one), len(end))] = False
    return same if same.sum() <= max(2, _MANY * len(planes)) else np.zeros(len(planes), bool)


def _same_elsewhere(planes: FloatArray) -> list[int]:
    """Slices that are the same picture as another one, empty ones aside."""
    seen: dict[bytes, list[int]] = {}
    for k, plane in enumerate(planes):
        if plane.min() != plane.max():
            seen.setdefault(hashlib.sha256(np.ascontiguousarray(plane).tobytes()).digest(), []).append(k)
    return [k for group in seen.values() if len(group) > 1 for k in group]


def _blocks(planes: FloatArray) -> FloatArray:
    """Block means of each slice, over the mean of the slice: how bright a slice is says nothing of its place."""
    rows, columns = (n // _BLOCK * _BLOCK for n in planes.shape[1:])
    if not rows or not columns:
        return np.zeros((0, 1, 1), np.float32)
    cut = np.nan_to_num(planes[:, :rows, :columns]).astype(np.float32)
    means = cut.reshape(len(cut), rows // _BLOCK, _BLOCK, columns // _BLOCK, _BLOCK).mean(axis=(2, 4))
    means -= np.percentile(means, 1)
    return np.asarray(means / np.maximum(means.mean(axis=(1, 2), keepdims=True), 1e-6))


def _difference(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(np.abs(one - other).mean(axis=(1, 2)))


def _better_exchanged(planes: FloatArray, i: int, j: int) -> bool:
    """Whether slices i and j, not neighbours, fit far better in each other's place, both of them."""
    for here, there in ((i, j), (j, i)):
        beside = [k for k in (here - 1, here + 1) if 0 <= k < len(planes)]
        as_is = sum(float(np.abs(planes[here] - planes[k]).mean()) for k in beside)
        exchanged = sum(float(np.abs(planes[there] - planes[k]).mean()) for k in beside)
        if exchanged > _BETTER * as_is:
            return False
    return True
