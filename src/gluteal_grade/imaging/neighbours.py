"""Slices of one image that do not belong where they lie: another picture, turned over within themselves, or in another order.

Neighbouring slices show nearly the same edges. Numbers below are of 105 sound stacks (real MRI and CT, samples, phantoms; as they are,
every second or third slice, one half; gaps up to 48 mm); of 310 with more phantoms and toys, SNR from 5, none is found odd.
"""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np

from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging.body import finite
from gluteal_grade.imaging.planes import Mask
from gluteal_grade.imaging.turned import edges

_ALIKE = 0.2  # correlation of edges below which two slices say nothing of a third
_STACK = 0.25  # median likeness of neighbours, from which a stack is one; sound ones 0.30 and more
_FOREIGN = 0.6  # of the likeness of a slice's neighbours; sound slices 0.99 and more, pictures without a structure at most 0.35
_WHOLE = 0.5  # correlation of a pixel and the next in a picture that shows something; sound ones 0.73 and more
_NOISE = 0.1  # of the stack's median: no picture, which has 0.04 at most; a phantom that fades to SNR 1 has 0.27
_LONE, _LONE_TIMES = 0.025, 1.08  # that turning one slice gains on both sides; sound stacks at most 0.014
_TOLD, _LESS = 0.03, 0.02  # less is enough where turning slices of this stack loses so much, in the median
_BLOCK, _BLOCK_TIMES = 0.06, 1.15  # that turning all that follows gains; sound stacks at most 0.021
_TORN = 0.75  # of the best likeness to any other slice: the stack may be torn here
_MENDED = 1.3  # times the likeness at the tears, once the pieces are put in order
_PIECES = 6
_FEW = 0.34  # of all slices: where more seem foreign it is the way the image was made
_FEWEST = 4  # slices from which neighbours tell something

_WITHIN = ((0,), (1,), (0, 1))


def unit_edges(image: Volume, slice_axis: int) -> FloatArray:
    """(slices, ...) edges of every slice, mean 0 and length 1: the product of two is their correlation. No edges, all 0."""
    found = np.moveaxis(edges(image.with_array(finite(np.asarray(image.array, np.float32))), slice_axis), slice_axis, 0)
    found = found - found.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt((found * found).sum(axis=(1, 2), keepdims=True))
    return np.asarray(np.divide(found, length, out=np.zeros_like(found), where=length > 1e-6))


def foreign_slices(unit: FloatArray) -> Mask:
    """(slices,) True for slices that show another thing than their neighbours, which are alike.

    Args:
        unit: from `unit_edges`, here and below.
    """
    count = len(unit)
    out = np.zeros(count, bool)
    if not _is_stack(unit):
        return out
    near, far = _pairs(unit[:-1], unit[1:]), _pairs(unit[:-2], unit[2:])
    out[1:-1] = (far > _ALIKE) & (np.maximum(near[:-1], near[1:]) < _FOREIGN * far)
    return out if out.sum() <= max(1, _FEW * count) else np.zeros(count, bool)


def noise_slices(image: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True for slices that show nothing but noise in a stack that shows something."""
    planes = np.moveaxis(image, slice_axis, 0)
    if len(planes) < _FEWEST:
        return np.zeros(len(planes), bool)
    low, top = np.nanpercentile(planes[:, ::2, ::2], (1, 99))
    even = np.array([_evenness(np.clip(np.nan_to_num(plane), low, top)) for plane in planes])
    usual = float(np.median(even))
    varied = np.array([np.ptp(plane) > 0 for plane in planes])  # a slice of one value is empty, not noise
    return np.asarray(varied & (even < _NOISE * usual)) if usual > _WHOLE else np.zeros(len(planes), bool)


def _is_stack(unit: FloatArray) -> bool:
    return len(unit) >= _FEWEST and float(np.median(_pairs(unit[:-1], unit[1:]))) >= _STACK


def turned_in_stack(unit: FloatArray) -> Mask:
    """(slices,) True for slices that are turned over within themselves against the most of the stack; all where it is half and half."""
    count = len(unit)
    out = np.zeros(count, bool)
    if not _is_stack(unit):
        return out
    near, far = _pairs(unit[:-1], unit[1:]), _pairs(unit[:-2], unit[2:])
    for axes in _WITHIN:
        over = np.flip(unit, tuple(a + 1 for a in axes))
        turned, turned_far = _pairs(over[:-1], unit[1:]), _pairs(over[:-2], unit[2:])
        better = (turned > _ALIKE) & (turned > near + _LONE) & (turned > _LONE_TIMES * near)
        if float(np.median(near - turned)) > _TOLD:
            better |= (turned > _ALIKE) & (turned > near + _LESS)
        further = np.r_[True, turned_far > far + _LONE, True]  # between k and k + 1 all that lies on either side must gain
        block = better & (turned > near + _BLOCK) & (turned > _BLOCK_TIMES * near) & further[:-1] & further[1:]
        odd = np.r_[0, np.cumsum(block)] % 2 == 1
        out |= odd if odd.mean() < 0.5 else ~odd if odd.mean() > 0.5 else np.ones(count, bool)
        out[1:-1] |= better[:-1] & better[1:] & ~further[1:-1]
    return out


def reordered(unit: FloatArray) -> Mask:
    """(slices,) True for slices that lie elsewhere once the stack, torn where it does not go on, is put in the order that fits."""
    count = len(unit)
    none = np.zeros(count, bool)
    if count < 2 * _FEWEST or not _is_stack(unit):
        return none
    flat = unit.reshape(count, -1)
    likeness = flat @ flat.T
    near = np.diagonal(likeness, 1)
    other = np.where(np.abs(np.subtract.outer(np.arange(count), np.arange(count))) <= 1, -1.0, likeness).max(axis=1)
    torn = np.flatnonzero((near < _TORN * np.minimum(other[:-1], other[1:])) & (np.minimum(other[:-1], other[1:]) > _ALIKE))
    if not 0 < len(torn) < _PIECES:
        return none
    pieces = np.split(np.arange(count), torn + 1)
    first, last = np.array([p[0] for p in pieces]), np.array([p[-1] for p in pieces])
    joints = likeness[np.ix_(last, first)]
    given = float(sum(joints[k, k + 1] for k in range(len(pieces) - 1)))
    best = max(permutations(range(len(pieces))), key=lambda order: sum(joints[a, b] for a, b in pairwise(order)))
    mended = float(sum(joints[a, b] for a, b in pairwise(best)))
    if mended < _MENDED * given or mended < given + _ALIKE:
        return none
    return np.asarray(np.concatenate([pieces[k] for k in best]) != np.arange(count))


def _pairs(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray((one * other).sum(axis=(1, 2)))


def _evenness(plane: FloatArray) -> float:
    """Correlation of a pixel and the next, in the direction where it is less."""
    return min(_correlation(plane[1:], plane[:-1]), _correlation(plane[:, 1:], plane[:, :-1]))


def _correlation(one: FloatArray, other: FloatArray) -> float:
    a, b = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0
