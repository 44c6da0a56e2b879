"""What fills the belly and the pelvis between the labelled organs: visceral fat, gas in the bowel, the abdominal wall."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.bones import ball
from gluteal_grade_lab.training.prepare.labelled import Mask, Points
from gluteal_grade_lab.training.prepare.names import U8
from gluteal_grade_lab.training.prepare.skin import crotch, slice_hulls

_WALL_MM = 10.0
_RECTUS_HALF_MM = 45.0
_CANAL_MM = 13.0
_ORGANS = (names.BLADDER, names.COLON, names.SMALL_BOWEL, names.PROSTATE, *names.ARTERIES, *names.VEINS, *names.VERTEBRAE, names.GAS)


def cavity_of(labels: U8, heads: Points) -> Mask:
    """(x, y, z) bool: hull of the organs, the psoas above the groin, and the front of the spine, slice by slice, smooth along the body."""
    head = int(heads[:, 2].mean())
    low = np.isin(labels, (*_ORGANS, *names.OBTURATOR_INTERNUS))
    high = np.isin(labels, (*_ORGANS, *names.ILIOPSOAS, names.SACRUM))
    mask = np.where(np.arange(labels.shape[2]) < head + 10, low, high)
    hull = slice_hulls(mask, slab=4)
    soft = ndimage.gaussian_filter(hull.astype(np.float32), (1.5, 1.5, 4), mode="nearest", truncate=3)
    return np.asarray(soft > 0.5)


def with_wall(labels: U8, heads: Points) -> U8:
    """Abdominal muscles: a sheet around the front and sides of the belly; only the two straight muscles reach down to the pubis."""
    head, middle = float(heads[:, 2].mean()), float(heads[:, 0].mean())
    bones = np.isin(labels, names.HIP_BONE)
    cavity = cavity_of(labels, heads)
    hull = slice_hulls(cavity | bones, slab=2)
    found = ndimage.find_objects(cavity.astype(np.uint8))[0]
    thick = round(_WALL_MM / SPACING_MM)
    box = tuple(slice(max(0, s.start - 40), s.stop + 40) for s in found)
    inner = ndimage.gaussian_filter(hull[box].astype(np.float32), (2, 2, 3), mode="nearest", truncate=3) > 0.5
    distance = ndimage.distance_transform_edt(~inner)
    sheet = (distance > 0) & (distance <= thick)
    shape = labels.shape
    x = np.arange(shape[0])[:, None, None][box[0]]
    y = np.arange(shape[1])[None, :, None][:, box[1]]
    z = np.arange(shape[2])[None, None, :][:, :, box[2]]
    front = np.empty((2, shape[2]))
    spine = np.argwhere(np.isin(labels, (names.SACRUM, *names.VERTEBRAE)))
    back = float(np.median(spine[:, 1])) if len(spine) else float(heads[:, 1].mean())
    for side in (0, 1):  # the sheet ends at the front edge of the hip bone of its side, above it behind the flank
        for k in range(shape[2]):
            rows = np.flatnonzero((labels[:, :, k] == names.HIP_BONE[side]).any(axis=0))
            front[side, k] = rows.max() - 2 if len(rows) else back
        front[side] = ndimage.gaussian_filter1d(front[side], 3, mode="nearest")
    left = x < middle
    limit = np.where(left, front[0][box[2]], front[1][box[2]])
    groin = z < head + 35 / SPACING_MM
    keep = sheet & (y > limit) & (z > head - 5) & (~groin | (np.abs(x - middle) < _RECTUS_HALF_MM / SPACING_MM))
    keep &= labels[box] == 0
    keep &= np.abs(x - middle) > 2  # the white line
    out = labels.copy()
    out[box][keep & left] = names.WALL[0]
    out[box][keep & ~left] = names.WALL[1]
    return out


def with_anal_canal(labels: U8, heads: Points) -> U8:
    """The bowel's way out: a tube from its lowest point to the perineum, through what is unlabelled."""
    bowel = np.isin(labels, (names.COLON, names.SMALL_BOWEL))
    layers = np.flatnonzero(bowel.any(axis=(0, 1)))
    out = labels.copy()
    if not len(layers):
        return out
    top, bottom = int(layers[0]) + 2, crotch(labels)
    start = np.argwhere(bowel[:, :, layers[0] : top + 2])[:, :2].mean(axis=0)
    radius = _CANAL_MM / SPACING_MM
    x, y = np.arange(labels.shape[0])[:, None], np.arange(labels.shape[1])[None, :]
    for z in range(bottom, top):
        t = (top - z) / max(1, top - bottom)
        # it bends to the back below the pelvic floor, and ends in the middle
        cx = (1 - t) * start[0] + t * float(heads[:, 0].mean())
        cy = start[1] - 6 * t * t
        disc = (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        layer = out[:, :, z]
        layer[disc & (layer == 0)] = names.COLON
    return out


def with_visceral_fat(labels: U8, heads: Points) -> U8:
    """Unlabelled voxels of the belly and pelvis as visceral fat."""
    out = labels.copy()
    out[cavity_of(labels, heads) & (labels == 0)] = names.VISCERAL
    return out


def with_gas(labels: U8, seed: int) -> U8:
    """Gas in the front of some stretches of bowel, at least 3 mm inside its wall."""
    rng = np.random.default_rng(seed)
    bowel = np.isin(labels, (names.COLON, names.SMALL_BOWEL))
    out = labels.copy()
    if not bowel.any():
        return out
    box = ndimage.find_objects(bowel.astype(np.uint8))[0]
    part = bowel[box]
    lumen = ndimage.binary_erosion(part, ball(2))
    noise = ndimage.zoom(rng.standard_normal([n // 12 + 2 for n in part.shape]).astype(np.float32), 12.0, order=1)
    noise = noise[: part.shape[0], : part.shape[1], : part.shape[2]]
    # gas rises: the front half of every run of lumen along y
    run = np.cumsum(lumen[:, ::-1], axis=1)[:, ::-1]
    start = np.where(lumen, 0, run)
    behind = run - np.maximum.accumulate(start[:, ::-1], axis=1)[:, ::-1]
    gas = lumen & (noise > 0.5) & (behind <= 9)
    gas = ndimage.binary_opening(gas, ball(1))
    out[box][gas] = names.GAS
    return out
