"""The picture's own evidence of metal on MR: a void too thick for bone beside the hip joint, and signal piled up around it.

Cortical bone, tendon and capsule are dark too, but thin: in two real T1 studies without metal no dark structure near the hip is thicker
than 11 mm (radius 5.4 mm), while a head or cup leaves a void of 32 mm and more. Marrow, gas and urine are told apart by depth and place:
marrow is not that dark, gas and urine do not lie at the joint. The border of the picture is no void.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.config import MetalArtifactSettings
from gluteal_grade.fat.body import body_mask
from gluteal_grade.geometry import FloatArray, Volume

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Darkness:
    """A picture looked at once for both sides.

    Attributes:
        void: dark voxels inside the body.
        pile_up: voxels brighter than any tissue near them.
        spacing_mm: of the grid.
    """

    void: Mask
    pile_up: Mask
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Artifact:
    """What lies at one hip.

    Attributes:
        core: the thick voids with what hangs on them.
        pile_up: piled-up signal around the core.
        radius_mm: of the largest circle that fits into the void, in a slice.
        void_ml: volume of the core.
        pile_up_ml: volume of the pile-up.
    """

    core: Mask
    pile_up: Mask
    radius_mm: float
    void_ml: float
    pile_up_ml: float


def darkness(image: Volume, settings: MetalArtifactSettings, body: Mask | None = None) -> Darkness:
    """Voids and pile-up anywhere in a magnitude image whose every tissue gives signal (T1, T2, PD, in phase, water plus fat).

    Both are judged against the tissue within some centimetres, so that coil shading does not count. In a noisy picture a void is as
    bright as the air outside, and frayed: what is dark smoothed or as it is counts.

    Args:
        image: RAS+.
        settings: thresholds.
        body: its mask, holes filled, where known already.
    """
    array = np.nan_to_num(np.asarray(image.array, np.float32))
    body = body_mask(image) if body is None else body
    bright = float(np.percentile(array[body], 90)) if body.any() else 0.0
    tissue = body & (array > settings.tissue_above * bright)
    if not tissue.any():
        nothing = np.zeros(array.shape, bool)
        return Darkness(nothing, nothing, image.spacing_mm)
    sigma = [settings.reference_mm / s for s in image.spacing_mm]
    local = _local_mean(array, tissue, sigma)
    floor = settings.void_below_floor * float(np.median(array[~body])) if (~body).any() else 0.0
    smooth = ndimage.gaussian_filter(array, [settings.smooth_mm / s for s in image.spacing_mm[:2]], axes=(0, 1))
    void = body & (np.minimum(array, smooth) < np.clip(floor, settings.void_below * local, settings.void_at_most * local))
    void = ndimage.binary_opening(void, np.ones((3, 3, 1)))
    upper = tissue & (array > np.percentile(array[tissue], 60)) & (array < 2 * bright)
    pile_up = body & (array > settings.pile_up_above * _local_mean(array, upper, sigma))
    return Darkness(_inner(void), pile_up, image.spacing_mm)


def artifact_near(found: Darkness, distance: FloatArray, settings: MetalArtifactSettings) -> Artifact:
    """Voids near one hip.

    Args:
        found: the picture's.
        distance: mm to joint and stem, same grid.
        settings: thresholds.
    """
    spacing = found.spacing_mm
    box = _box(distance < settings.reach_mm + settings.pile_up_within_mm)
    near = found.void[box] & (distance[box] < settings.reach_mm)
    thickness = _thickness_mm(near, spacing)
    parts, count = ndimage.label(near)
    thick = np.zeros(count + 1, bool)
    if count:
        thick[1:] = np.asarray(ndimage.maximum(thickness, parts, range(1, count + 1))) >= settings.core_radius_mm
    core, pile_up = np.zeros(distance.shape, bool), np.zeros(distance.shape, bool)
    core[box] = thick[parts]
    if core.any():
        away = ndimage.distance_transform_edt(~core[box], sampling=spacing)
        pile_up[box] = found.pile_up[box] & (away < settings.pile_up_within_mm)
    ml = float(np.prod(spacing)) / 1000
    return Artifact(core, pile_up, float(thickness.max(initial=0.0)), float(core.sum()) * ml, float(pile_up.sum()) * ml)


def _box(mask: Mask) -> tuple[slice, slice, slice]:
    """The smallest box that holds the mask; empty for an empty one."""
    found = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    a, b, c = (slice(int(f[0]), int(f[-1]) + 1) if f.size else slice(0, 0) for f in found)
    return a, b, c


def _thickness_mm(mask: Mask, spacing: tuple[float, float, float]) -> FloatArray:
    """Radius of the in-plane circle around each voxel that fits into the mask; slices may be too thick for balls."""
    radius = np.zeros(mask.shape, np.float32)
    for k in np.flatnonzero(mask.any(axis=(0, 1))):
        radius[:, :, k] = ndimage.distance_transform_edt(mask[:, :, k], sampling=spacing[:2])
    return radius


def _inner(void: Mask) -> Mask:
    """Without what hangs together with the border of its slice: padding, air, a coil's end."""
    framed = np.zeros(void.shape, bool)
    framed[[0, -1]] = framed[:, [0, -1]] = True
    plane = ndimage.generate_binary_structure(2, 1)[:, :, None]
    outside = ndimage.binary_propagation(void & framed, structure=plane, mask=void)
    return np.asarray(void & ~outside)


def _local_mean(array: FloatArray, mask: Mask, sigma: list[float]) -> FloatArray:
    """Mean of the masked voxels around each voxel, Gaussian weights; on a coarse grid, as it is smooth."""
    step = tuple(max(1, int(s / 4)) for s in sigma)
    fine = np.where(mask, array, 0).astype(np.float32), mask.astype(np.float32)
    value, weight = (
        ndimage.gaussian_filter(_blocks(f, step), [s / n for s, n in zip(sigma, step, strict=True)], truncate=2.5) for f in fine
    )
    mean = value / np.maximum(weight, 1e-4)
    index = [np.minimum(np.arange(n) // s, m - 1) for n, s, m in zip(array.shape, step, mean.shape, strict=True)]
    return np.asarray(mean[np.ix_(*index)], np.float32)


def _blocks(array: FloatArray, step: tuple[int, ...]) -> FloatArray:
    """Means over blocks; the last ones may be smaller."""
    for axis, n in enumerate(step):
        starts = np.arange(0, array.shape[axis], n)
        counts = np.diff(np.append(starts, array.shape[axis]))
        shape = [-1 if a == axis else 1 for a in range(3)]
        array = np.add.reduceat(array, starts, axis=axis) / counts.reshape(shape)
    return np.asarray(array, np.float32)
