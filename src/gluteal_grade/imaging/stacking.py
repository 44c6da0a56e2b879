"""Slices of one image that are not what their place says: exchanged, turned end for end or repeated. Certain cases only."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging.planes import Mask

_BLOCK = 4  # pixels a side: averages out noise
# Of the differences that a move touches, what it leaves. Sound axial stacks at least 1.13, at the ends 1.03 (a localizer of few slices
# 0.97), coronal and sagittal ones 0.70 where neighbours are exchanged; exchanged slices put back at most 0.85.
_LEFT, _LEFT_AT_THE_ENDS, _LEFT_ACROSS = 0.85, 0.8, 0.6
# Of slices far apart, how much more than each other their neighbours are unlike each; and of a run, how much more it is torn off at
# both ends than the stack is near it. What looks the same upside down is neither. A run up to an end of the stack is not asked for:
# padding at one end is like that at the other.
_FOREIGN, _FOREIGN_ACROSS, _TORN = 1.0, 1.3, 1.3
_USUAL = 1.15  # what exchanging two neighbours does to a sound stack, at least, in the middle of all its neighbours
_SHORT = 3  # slices: a run of two or three turned end for end is its first and its last exchanged
_MOST_MOVES = 8
_PACKAGES = 3.5  # slices: of more packages than four nobody acquires
_LIKER = 0.75  # of the difference to the neighbours
_MANY = 0.2  # of all slices repeated: resampled to thinner slices
_FEWEST = 6  # slices from which neighbours tell something


def slices_apart(image: FloatArray, slice_axis: int) -> FloatArray:
    """(slices, slices) how unlike any two slices look: mean absolute difference of their blocks, whatever their brightness.

    Args:
        image: (x, y, z) magnitudes or HU.
        slice_axis: array axis across the slices.
    """
    planes = _blocks(np.moveaxis(image, slice_axis, 0))
    flat = planes.reshape(len(planes), -1)
    return np.asarray(cdist(flat, flat, "cityblock") / flat.shape[1])


def moved_slices(apart: FloatArray, *, along: bool) -> Mask:
    """(slices,) True for slices that certainly lie elsewhere: two exchanged, or a run turned end for end, and the stack goes on far better.

    Args:
        apart: from `slices_apart`, here and below.
        along: the slices follow each other along the body, where no two far apart look alike; right and left, front and back do.
    """
    given = order = np.arange(len(apart))
    none = np.zeros(len(apart), bool)
    if not _goes_on(apart):
        return none
    for _ in range(_MOST_MOVES):
        if (better := _best_move(apart[np.ix_(order, order)], along=along)) is None:
            return np.asarray(order != given)
        order = order[better]
    return none  # the way the image was made


def shuffled(apart: FloatArray) -> bool:
    """Whether the slices as a whole are certainly not in order: what is most like a slice lies far from it, and is far more like it.

    Packages of every second or third slice that are brighter or shifted are not meant.
    """
    count = len(apart)
    if count < _FEWEST:
        return False
    near = np.diagonal(apart, 1)
    beside = np.minimum(np.r_[np.inf, near], np.r_[near, np.inf])
    others = np.where(np.eye(count, dtype=bool), np.inf, apart)
    far = np.abs(others.argmin(axis=1) - np.arange(count))
    with np.errstate(divide="ignore", invalid="ignore"):
        closer = others.min(axis=1) / beside
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
        return np.ones((len(planes), 1, 1), np.float32)  # too small to tell anything: all the same
    cut = np.nan_to_num(planes[:, :rows, :columns]).astype(np.float32)
    means = cut.reshape(len(cut), rows // _BLOCK, _BLOCK, columns // _BLOCK, _BLOCK).mean(axis=(2, 4))
    means -= np.percentile(means, 1)
    return np.asarray(means / np.maximum(means.mean(axis=(1, 2), keepdims=True), 1e-6))


def _goes_on(apart: FloatArray) -> bool:
    """Whether exchanging any two neighbours makes most of the stack worse."""
    if len(apart) < _FEWEST:
        return False
    near, far = np.diagonal(apart, 1), np.diagonal(apart, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = (far[:-1] + far[1:]) / (near[:-2] + near[2:])  # of k and k + 1: k - 1 meets k + 1, and k meets k + 2
    return bool(np.isfinite(loss).all() and float(np.median(loss)) >= _USUAL)


def _best_move(apart: FloatArray, *, along: bool) -> NDArray[np.intp] | None:
    """The order after the move that leaves the least of the differences it touches; None if none leaves far less.

    Turning a run from i to j end for end touches the joints at its ends (two neighbours exchanged are a run of two, slices two apart a
    run of three), exchanging i and j touches four. Beyond the first and the last slice there is nothing to differ from. Where slices
    differ less than is usual in the stack nothing is moved.
    """
    count = len(apart)
    d = np.pad(apart, 1)
    i, j = (found + 1 for found in np.triu_indices(count, 1))
    inner, length = (i > 1) & (j < count), j - i + 1
    turned, were_ends = d[i - 1, j] + d[i, j + 1], d[i - 1, i] + d[j, j + 1]
    exchanged, were = turned + d[j, i + 1] + d[j - 1, i], were_ends + d[i, i + 1] + d[j - 1, j]
    tear, lone = _tears(np.diagonal(apart, 1)), _loneliness(apart)
    short = (length <= _SHORT) & (inner | along)
    torn = (length > _SHORT) & inner & along & (np.minimum(tear[i - 1], tear[j]) >= _TORN)
    strangers = (length > _SHORT) & (inner | along) & (np.minimum(lone[i - 1], lone[j - 1]) >= (_FOREIGN if along else _FOREIGN_ACROSS))
    limit = np.where(inner, _LEFT, _LEFT_AT_THE_ENDS) if along else _LEFT_ACROSS
    usual = float(np.median(np.diagonal(apart, 1)))
    ends = 2.0 - (i == 1) - (j == count)
    short, torn = (which & (were_ends >= usual * ends) for which in (short, torn))
    strangers &= were >= usual * 2 * ends
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.stack([np.where(short | torn, turned / were_ends, np.inf), np.where(strangers, exchanged / were, np.inf)]) / limit
    left = np.where(np.isnan(left), np.inf, left)
    way, k = np.unravel_index(int(left.argmin()), left.shape)
    if left[way, k] >= 1:
        return None
    first, last = int(i[k]) - 1, int(j[k]) - 1
    order = np.arange(count)
    if way == 0:
        order[first : last + 1] = order[first : last + 1][::-1]
    else:
        order[[first, last]] = order[[last, first]]
    return order


def _tears(near: FloatArray) -> FloatArray:
    """(slices + 1,) the difference between a slice and the one before it, over the largest of two on either side; without bound
    at both ends."""
    padded = np.pad(near, 2)
    beside = np.max([padded[k : k + len(near)] for k in (0, 1, 3, 4)], axis=0)
    return np.pad(np.divide(near, beside, out=np.zeros_like(near), where=beside > 0), 1, constant_values=np.inf)


def _loneliness(apart: FloatArray) -> FloatArray:
    """(slices,) how much less a slice is like the nearer of its neighbours than these are like each other; without bound at both ends."""
    near, far = np.diagonal(apart, 1), np.diagonal(apart, 2)
    alone = np.divide(np.minimum(near[:-1], near[1:]), far, out=np.zeros_like(far), where=far > 0)
    return np.pad(alone, 1, constant_values=np.inf)
