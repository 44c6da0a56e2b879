"""Structures of one body carried into another, where it has nothing of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.field import Field
from gluteal_grade_lab.training.prepare.labelled import Labelled, Mask
from gluteal_grade_lab.training.prepare.names import U8

_SLAB = 16
_JOIN_MM = 10.0  # over so many mm a cut structure turns into the donor's
_INSIDE = 12
_SMALLEST = 120  # voxels; smaller islands of a graft are dropped
CUT = (*names.GLUTEI, *names.ILIOPSOAS, *names.HIP_BONE, *names.FEMUR, *names.ERECTOR, names.SACRUM)


def warp_labels(donor: U8, field: Field, shape: tuple[int, ...]) -> U8:
    """The donor's labels on the receiver's canvas (nearest), edges smoothed."""
    out = np.zeros(shape, dtype=np.uint8)
    for low in range(0, shape[2], _SLAB):
        high = min(shape[2], low + _SLAB)
        place = np.rint(field.at(shape, low, high)).astype(np.int32)
        inside = np.ones(place.shape[1:], dtype=bool)
        for axis, n in enumerate(donor.shape):
            inside &= (place[axis] >= 0) & (place[axis] < n)
            np.clip(place[axis], 0, n - 1, out=place[axis])
        out[:, :, low:high] = np.where(inside, donor[place[0], place[1], place[2]], 0)
    return smooth_labels(out)


def smooth_labels(labels: U8, sigma: float = 1.0) -> U8:
    """Every voxel takes the label with the largest share around it; background competes too."""
    best = ndimage.gaussian_filter((labels == 0).astype(np.float32), sigma)
    out = np.zeros_like(labels)
    for value, found in enumerate(ndimage.find_objects(labels), start=1):
        if found is None:
            continue
        box = tuple(slice(max(0, s.start - 3), s.stop + 3) for s in found)
        share = ndimage.gaussian_filter((labels[box] == value).astype(np.float32), sigma)
        wins = share > best[box]
        out[box][wins] = value
        best[box][wins] = share[wins]
    return out


def graft(target: Labelled, warped: U8, inside: Iterable[int], outside: Iterable[int]) -> Labelled:
    """Fill what the target lacks with a warped donor; its own labels always win.

    Args:
        target: the receiver.
        warped: (x, y, z) donor's labels on the receiver's canvas.
        inside: labels taken where the receiver's source has looked.
        outside: labels taken where it has not; structures cut by the edge go on smoothly.
    """
    seen = target.seen
    table = np.zeros((2, 256), dtype=bool)
    table[1, list(inside)] = True
    table[0, list(outside)] = True
    labels = target.labels.copy()
    joined = _continued(target, warped, [v for v in CUT if table[0, v]])
    beyond = ~seen & (labels == 0)
    labels[beyond] = joined[beyond]
    free = (labels == 0) & np.where(seen, table[1, warped], table[0, warped] & ~np.isin(warped, CUT))
    labels[free] = warped[free]
    return replace(target, labels=drop_islands(labels, target.labels))


def drop_islands(labels: U8, own: U8) -> U8:
    """Without crumbs of grafts; the body's own voxels stay."""
    out = labels.copy()
    for value, found in enumerate(ndimage.find_objects(labels), start=1):
        if found is None:
            continue
        mask = labels[found] == value
        parts, count = ndimage.label(mask)
        if count < 2:
            continue
        sizes = np.bincount(parts.ravel())
        small = sizes < _SMALLEST
        small[0] = False
        out[found][small[parts] & (own[found] == 0)] = 0
    return out


def _continued(target: Labelled, warped: U8, values: list[int]) -> U8:
    """Cut structures beyond the box the source has seen: its own shape at the edge turns into the donor's within some mm."""
    out = np.zeros(warped.shape, dtype=np.uint8)
    best = np.zeros(warped.shape, dtype=np.float32)
    for slab in _beyond(target):
        far = _distance_beyond(target, slab)
        share = np.exp(-np.square(far * SPACING_MM / _JOIN_MM)).astype(np.float32)
        edge = np.ix_(*[np.clip(np.arange(s.start, s.stop), lo, hi - 1) for s, lo, hi in zip(slab, target.low, target.high, strict=True)])
        held, lent = target.labels[edge], warped[slab]
        for value in values:
            box = _box((held == value) | (lent == value))
            if box is None:
                continue
            part = share[box]
            mixed = part * _signed(held[box] == value) + (1 - part) * _signed(lent[box] == value)
            wins = mixed < best[slab][box]
            out[slab][box][wins] = value
            best[slab][box][wins] = mixed[wins]
    return out


def _beyond(target: Labelled) -> list[tuple[slice, ...]]:
    """Slabs of the canvas beyond each face of the box the source has seen, and some voxels inside it."""
    slabs = []
    for axis, n in enumerate(target.labels.shape):
        low, high = int(target.low[axis]), int(target.high[axis])
        for span in ((0, min(n, low + _INSIDE)) if low > 0 else None, (max(0, high - _INSIDE), n) if high < n else None):
            if span is not None:
                slabs.append(tuple(slice(*span) if a == axis else slice(0, m) for a, m in enumerate(target.labels.shape)))
    return slabs


def _distance_beyond(target: Labelled, slab: tuple[slice, ...]) -> npt.NDArray[np.float32]:
    """Voxels from the box the source has seen, 0 inside."""
    total: npt.NDArray[np.float32] = np.zeros((1, 1, 1), dtype=np.float32)
    for axis, (part, low, high) in enumerate(zip(slab, target.low, target.high, strict=True)):
        index = np.arange(part.start, part.stop)
        off = np.maximum(np.maximum(low - index, index - (high - 1)), 0).astype(np.float32)
        total = total + np.square(off).reshape([-1 if a == axis else 1 for a in range(3)])
    return np.sqrt(total)


def _signed(mask: Mask) -> npt.NDArray[np.float32]:
    """Signed distance in voxels, negative inside, at most 15."""
    if not mask.any():
        return np.full(mask.shape, 15.0, dtype=np.float32)
    inner = ndimage.distance_transform_edt(mask)
    outer = ndimage.distance_transform_edt(~mask)
    return np.asarray(np.clip(outer - inner, -15, 15), dtype=np.float32)


def _box(mask: Mask, room: int = 6) -> tuple[slice, ...] | None:
    found = ndimage.find_objects(mask.astype(np.uint8))
    if not found:
        return None
    return tuple(slice(max(0, s.start - room), min(n, s.stop + room)) for s, n in zip(found[0], mask.shape, strict=True))
