"""Slices that are not there: empty, half empty or repeated in one of two images of the same anatomy."""

from __future__ import annotations

import numpy as np

from gluteal_grade.geometry import FloatArray
from gluteal_grade.imaging.planes import Mask

_TISSUE = 0.15  # of the bright end of an image: what lies above is tissue, not noise
_SEEN_SHARE = 0.05  # of a line's voxels that are tissue on the other image: it crosses the body
_BETWEEN = 3  # slices: the least of which one lies between others
_LARGE_SHARE = 0.25  # of a slice's lines; an image of water may be empty in a few lines of nothing but fat, never in so many


def missing_in_pair(first: FloatArray, second: FloatArray, slice_axis: int) -> Mask:
    """Where one of two images of one acquisition holds no measurement.

    Args:
        first, second: (x, y, z) magnitudes, e.g. water and fat.
        slice_axis: array axis across the slices.

    Returns:
        (x, y, z) True in slices that are of one dark value on either image while slices on both sides are not; in parts of a slice (lines
        from edge to edge) that are of one dark value on one image where the other shows tissue, if they are a good part of the slice; and
        in neighbouring slices that are the same picture on one image and not on the other.
    """
    one, other = (np.moveaxis(image, slice_axis, 0) for image in (first, second))
    out = np.zeros(one.shape, bool)
    out |= (empty_slices(one, 0) | empty_slices(other, 0))[:, None, None]
    out |= _lines(one, other) | _lines(other, one)
    same, same_other = _repeated(one), _repeated(other)
    out |= (same & ~same_other | same_other & ~same)[:, None, None]
    return np.moveaxis(out, 0, slice_axis)


def _bright(planes: FloatArray) -> float:
    return float(np.percentile(planes[:, ::2, ::2], 99)) if planes.size else 0.0


def _constant(planes: FloatArray) -> Mask:
    """Slices of one dark value."""
    first = planes[:, :1, :1]
    return np.asarray((planes == first).all(axis=(1, 2)) & (first[:, 0, 0] <= _TISSUE * _bright(planes)))


def empty_slices(image: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True for slices without a picture that have one on either side; padding at the ends is none."""
    planes = np.moveaxis(image, slice_axis, 0)
    empty = _constant(planes)
    full = np.flatnonzero(~empty)
    if len(full):
        empty[: full[0]] = empty[full[-1] + 1 :] = False
    return empty if len(full) else np.zeros_like(empty)


def cut_slices(image: FloatArray, slice_axis: int) -> Mask:
    """(slices,) True for slices of which a good part is of one dark value where the neighbours on both sides show tissue."""
    planes = np.moveaxis(image, slice_axis, 0)
    if len(planes) < _BETWEEN:
        return np.zeros(len(planes), bool)
    least = np.minimum(planes[:-2], planes[2:])
    out = np.zeros(len(planes), bool)
    out[1:-1] = _lines(planes[1:-1], least).any(axis=(1, 2))
    return out & ~_constant(planes)


def _lines(planes: FloatArray, partner: FloatArray) -> Mask:
    """Voxels of constant lines, along either axis of the slices, over what the partner shows."""
    bright, dark = _bright(partner), _TISSUE * _bright(planes)
    tissue = partner > _TISSUE * bright if bright > 0 else np.zeros(partner.shape, bool)
    out = np.zeros(planes.shape, bool)
    for axis in (1, 2):
        first = planes.take([0], axis=axis)
        constant = (planes == first).all(axis=axis) & (first.squeeze(axis) <= dark)
        crossing = tissue.mean(axis=axis) > _SEEN_SHARE
        missing = constant & crossing
        large = missing.sum(axis=1) >= _LARGE_SHARE * np.maximum(crossing.sum(axis=1), 1)
        out |= np.expand_dims(missing & large[:, None], axis)
    return out


def _repeated(planes: FloatArray) -> Mask:
    """Slices that are the same picture as a neighbour."""
    same = np.zeros(len(planes), bool)
    for k in range(len(planes) - 1):
        if np.array_equal(planes[k], planes[k + 1]) and planes[k].min() != planes[k].max():
            same[k] = same[k + 1] = True
    return same
