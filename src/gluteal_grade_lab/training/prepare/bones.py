"""Bones that label maps leave open: the femoral shaft as a hole in the thigh, gaps beside the ilium, cortex, joints and discs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.labelled import Labelled, Mask
from gluteal_grade_lab.training.prepare.names import U8

_SHAFT_TOP_MM = 55.0  # below the femoral head the femur is a shaft among the vasti and adductors
_SHELL_MM = {names.HIP_BONE[0]: 1.7, names.HIP_BONE[1]: 1.7, names.FEMUR[0]: 1.7, names.FEMUR[1]: 1.7, names.SACRUM: 1.6}
_SHAFT_SHELL_MM = 5.5
_CORTEX_REACH = 8.0  # voxels


def ball(radius: int, dims: int = 3) -> Mask:
    """A round structuring element."""
    axes = np.meshgrid(*[np.arange(-radius, radius + 1)] * dims, indexing="ij", sparse=True)
    return np.asarray(sum(a * a for a in axes) <= radius * radius + radius * 0.5)


def with_shafts(body: Labelled) -> Labelled:
    """The femoral shafts where the thigh muscles leave a hole for them (bodies without labelled femora)."""
    labels = body.labels.copy()
    for side in (0, 1):
        if (labels == names.FEMUR[side]).any():
            continue
        top = int(body.heads[1 - side, 2] - _SHAFT_TOP_MM / SPACING_MM)
        thigh = body.of(*(v + side for v in range(23, 53, 2)))
        hugging = body.of(names.VASTI[1][side])
        for z in range(int(body.low[2]), top):
            hole = _hole(thigh[:, :, z], hugging[:, :, z])
            if hole is not None:
                labels[:, :, z][hole & (labels[:, :, z] == 0)] = names.FEMUR[side]
        shaft = _largest(ndimage.binary_closing(labels == names.FEMUR[side], ball(3)) & np.isin(labels, (0, names.FEMUR[side])))
        labels[labels == names.FEMUR[side]] = 0
        labels[shaft] = names.FEMUR[side]
    return replace(body, labels=labels)


def _hole(thigh: Mask, hugging: Mask) -> Mask | None:
    """The hole of one slice that the vastus intermedius hugs."""
    if not hugging.any():
        return None
    found = ndimage.find_objects(thigh.astype(np.uint8))[0]
    box = tuple(slice(max(0, s.start - 12), s.stop + 12) for s in found)
    closed = ndimage.binary_fill_holes(ndimage.binary_closing(np.pad(thigh[box], 12), ball(7, 2)))[12:-12, 12:-12]
    void = ndimage.binary_opening(closed & ~thigh[box], ball(4, 2))
    parts, count = ndimage.label(void)
    if not count:
        return None
    rim = ndimage.binary_dilation(hugging[box], iterations=2)
    touch = np.bincount(parts.ravel(), weights=rim.ravel().astype(float), minlength=count + 1)
    touch[0] = 0
    if touch.max() < 8:
        return None
    out = np.zeros_like(thigh)
    out[box] = ndimage.binary_dilation(parts == int(touch.argmax())) & ~thigh[box]
    return out


def _largest(mask: Mask) -> Mask:
    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == int(sizes.argmax()))


def settle_bones(labels: U8, own: U8) -> U8:
    """Grafted bones fill the thin gaps to the muscles they carry, and lose crumbs; bones the body had itself stay as they are.

    Args:
        labels: (x, y, z) after grafting.
        own: labels before.
    """
    out = labels.copy()
    for side in (0, 1):
        for bone, beside in (
            (names.HIP_BONE[side], (names.MEDIUS[side], names.MINIMUS[side], names.ILIOPSOAS[side])),
            (names.FEMUR[side], ()),
        ):
            mask = out == bone
            if not mask.any() or int((own == bone).sum()) > 0.6 * int(mask.sum()):
                continue
            found = ndimage.find_objects(mask.astype(np.uint8))[0]
            box = tuple(slice(max(0, s.start - 10), s.stop + 10) for s in found)
            part, bare = mask[box], out[box] == 0
            full = (ndimage.binary_closing(part, ball(3)) | (ndimage.gaussian_filter(part.astype(np.float32), 1.5) > 0.42)) & (bare | part)
            if beside:
                outer, inner = (ndimage.distance_transform_edt(~np.isin(out[box], group)) for group in (beside[:2], beside[2:]))
                full |= bare & (outer + inner <= 9) & ndimage.binary_dilation(part, ball(4))
            full = _largest(ndimage.binary_opening(full, ball(1)) | (own[box] == bone))
            out[box][part & ~full] = 0
            out[box][full] = bone
    return out


def joints_and_discs(labels: U8) -> U8:
    """Cartilage in the hip joint's gap, and discs between vertebral bodies, where nothing is labelled."""
    out = labels.copy()
    for side in (0, 1):
        femur = out == names.FEMUR[side]
        if femur.any():
            found = ndimage.find_objects(femur.astype(np.uint8))[0]
            box = tuple(slice(max(0, s.start - 6), s.stop + 6) for s in found)
            near = [ndimage.distance_transform_edt(out[box] != bone[side]) for bone in (names.FEMUR, names.HIP_BONE)]
            out[box][(out[box] == 0) & (near[0] + near[1] <= 5.5) & (near[0] <= 3.5)] = names.CARTILAGE
    spine = np.isin(out, (names.SACRUM, *names.VERTEBRAE))
    if np.isin(out, names.VERTEBRAE).any():
        found = ndimage.find_objects(np.isin(out, names.VERTEBRAE).astype(np.uint8))[0]
        box = (found[0], found[1], slice(max(0, found[2].start - 8), found[2].stop))
        part = spine[box]
        above = np.stack([np.roll(part, -s, axis=2) for s in range(1, 8)]).any(axis=0)
        below = np.stack([np.roll(part, s, axis=2) for s in range(1, 8)]).any(axis=0)
        between = ndimage.binary_opening(above & below & (out[box] == 0), ball(2))
        between &= np.arange(between.shape[1])[None, :, None] > 0.4 * between.shape[1]  # bodies lie in front of the canal
        out[box][between] = names.DISC
    return out


def draw_cortex(tissue: U8, labels: U8, heads: np.ndarray) -> None:
    """Turn the outer shell of every bone in `tissue` into cortex, in place; thick around the femoral shaft.

    Args:
        tissue: (x, y, z) tissue ids.
        labels: (x, y, z) label values.
        heads: (2, 3) femoral heads, voxels, right first.
    """
    bones = [(v,) for v in (*names.HIP_BONE, *names.FEMUR)] + [(names.SACRUM,), *((v,) for v in names.VERTEBRAE)]
    for group in bones:
        mask = labels == group[0]
        if not mask.any():
            continue
        found = ndimage.find_objects(mask.astype(np.uint8))[0]
        box = tuple(slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(found, mask.shape, strict=True))
        # a bone that goes on beyond the grid has no lid there
        depth = ndimage.distance_transform_edt(np.pad(mask[box], 6, mode="edge"))[6:-6, 6:-6, 6:-6] * SPACING_MM
        shell = np.full(mask.shape[2], _SHELL_MM.get(group[0], 1.6))
        if group[0] in names.FEMUR:
            head = heads[1 - names.FEMUR.index(group[0]), 2]
            below = (head - np.arange(mask.shape[2])) * SPACING_MM
            shell = np.interp(below, (35, 60, 90), (1.7, 3.2, _SHAFT_SHELL_MM))
        tissue[box][mask[box] & (depth <= shell[box[2]])] = tissues.CORTICAL_BONE


def split_cortex(tissue: U8) -> U8:
    """Every voxel of cortex gets the name of the bone whose marrow is nearest: hip bone, femur or spine."""
    out = tissue.copy()
    cortex = np.isin(tissue, (tissues.CORTICAL_BONE, tissues.CORTEX_FEMUR, tissues.CORTEX_SPINE))
    nearest = np.full(tissue.shape, _CORTEX_REACH, np.float32)
    out[cortex] = tissues.CORTICAL_BONE
    for marrow, name in (
        (tissues.MARROW_PELVIS, tissues.CORTICAL_BONE),
        (tissues.MARROW_FEMUR, tissues.CORTEX_FEMUR),
        (tissues.MARROW_SPINE, tissues.CORTEX_SPINE),
    ):
        found = ndimage.find_objects((tissue == marrow).astype(np.uint8))
        if not found:
            continue
        box = tuple(slice(max(0, s.start - int(_CORTEX_REACH)), s.stop + int(_CORTEX_REACH)) for s in found[0])
        distance = ndimage.distance_transform_edt(tissue[box] != marrow).astype(np.float32)
        closer = cortex[box] & (distance < nearest[box])
        out[box][closer] = name
        nearest[box][closer] = distance[closer]
    return out
