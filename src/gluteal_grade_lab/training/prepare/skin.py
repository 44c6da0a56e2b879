"""The outline under the subcutaneous fat, and how far outside it every voxel lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade_lab.training.bodies import OUTSIDE_CAP_MM, SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.labelled import Mask, Points
from gluteal_grade_lab.training.prepare.names import U8

_SLAB = 3  # a slice's hull is that of the labels this many slices up and down
_BELOW_ISCHIUM_MM = 8.0


def slice_hulls(mask: Mask, slab: int = _SLAB) -> Mask:
    """(x, y, z): the convex hull of every axial slice, with its neighbours."""
    out = np.zeros_like(mask)
    n = mask.shape[1]
    low = np.where(mask.any(axis=1), mask.argmax(axis=1), n)  # (x, z) first and last y of every column
    high = np.where(mask.any(axis=1), n - 1 - mask[:, ::-1].argmax(axis=1), -1)
    y = np.arange(n)[None, :]
    for z in range(mask.shape[2]):
        near = slice(max(0, z - slab), z + slab + 1)
        first, last = low[:, near].min(axis=1), high[:, near].max(axis=1)
        columns = np.flatnonzero(last >= first)
        if len(columns) < 4:
            continue
        x = np.arange(columns[0], columns[-1] + 1)
        bottom = -_upper_chain(columns, -first[columns], x)
        top = _upper_chain(columns, last[columns], x)
        out[x, :, z] = (y >= bottom[:, None] - 1e-6) & (y <= top[:, None] + 1e-6)
    return out


def _upper_chain(x: npt.NDArray[np.intp], y: npt.NDArray[np.intp], at: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Upper convex hull of the points (x rising, y), read at `at`."""
    chain: list[tuple[int, int]] = []
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (py - ay) < (by - ay) * (px - ax):
                break
            chain.pop()
        chain.append((px, py))
    return np.interp(at, [c[0] for c in chain], [c[1] for c in chain])


def crotch(labels: U8) -> int:
    """The z index where the thighs part: just below the hip bones."""
    low = ndimage.find_objects(np.isin(labels, names.HIP_BONE).astype(np.uint8))[0][2].start
    return max(0, int(low - _BELOW_ISCHIUM_MM / SPACING_MM))


def core_of(labels: U8, heads: Points) -> Mask:
    """(x, y, z) bool: everything inside the outermost muscles, smooth; one trunk above the crotch, two thighs below."""
    parting = crotch(labels)
    core = np.zeros(labels.shape, dtype=bool)
    whole = labels > 0
    core[:, :, parting:] = slice_hulls(whole[:, :, max(0, parting - _SLAB) :])[:, :, min(_SLAB, parting) :]
    middle = round(float(heads[:, 0].mean()))
    x = np.arange(labels.shape[0])[:, None, None]
    for half in (x > middle, x <= middle):
        thigh = whole[:, :, : parting + _SLAB] & half
        core[:, :, :parting] |= slice_hulls(thigh)[:, :, :parting]
    soft = ndimage.gaussian_filter(core.astype(np.float32), (2.5, 2.5, 4), mode="nearest", truncate=3)
    return np.asarray((soft > 0.5) | whole)


def outside_distance(core: Mask) -> U8:
    """(x, y, z) uint8: mm outwards from the core, 0 inside, capped."""
    room = 4
    # the body goes on above and below the grid
    padded = np.pad(core, ((0, 0), (0, 0), (room, room)), mode="edge")
    distance = ndimage.distance_transform_edt(~padded).astype(np.float32)[:, :, room:-room] * SPACING_MM
    return np.asarray(np.minimum(np.rint(distance), OUTSIDE_CAP_MM), dtype=np.uint8)


def cleft_of(labels: U8, core: Mask, heads: Points) -> Mask:
    """(x, y, z) bool: the fold of skin between the buttocks, a thin sheet behind the coccyx and the perineum."""
    sacrum = np.argwhere(labels == names.SACRUM)
    out = np.zeros(labels.shape, dtype=bool)
    if not len(sacrum):
        return out
    tip = int(sacrum[:, 2].min())
    low = sacrum[sacrum[:, 2] <= tip + 6]
    behind, middle = float(low[:, 1].min()), float(heads[:, 0].mean())
    parting = crotch(labels)
    z = np.arange(labels.shape[2])
    top = tip + 30 / SPACING_MM
    deep = np.interp(z, (parting, tip, top), (behind + 25 / SPACING_MM, behind - 8 / SPACING_MM, behind - 45 / SPACING_MM))
    x, y = np.arange(labels.shape[0])[:, None, None], np.arange(labels.shape[1])[None, :, None]
    sheet = (np.abs(x - middle) < 1.1) & (y < deep[None, None, :]) & ((z >= parting) & (z < top))[None, None, :]
    return np.asarray(sheet & core & (labels == 0))


def crop_box(core: Mask, room_mm: float = 84.0) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many voxels to add (or, negative, to cut) before and after, along x and y, so that the core has its room."""
    room = int(np.ceil(room_mm / SPACING_MM))
    found = ndimage.find_objects(core.astype(np.uint8))[0]
    x, y = ((room - s.start, s.stop + room - n) for s, n in zip(found[:2], core.shape[:2], strict=True))
    return x, y


def resize(array: npt.NDArray[np.generic], changes: tuple[tuple[int, int], tuple[int, int]]) -> npt.NDArray[np.generic]:
    """Pad with zeros or cut, along x and y."""
    for axis, (before, after) in enumerate(changes):
        index = [slice(None)] * array.ndim
        index[axis] = slice(max(0, -before), array.shape[axis] - max(0, -after))
        pads = [(0, 0)] * array.ndim
        pads[axis] = (max(0, before), max(0, after))
        array = np.pad(array[tuple(index)], pads)
    return array
