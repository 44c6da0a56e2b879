"""The picture's own evidence of metal. On CT, HU that no bone reaches; on MR, a void too thick for bone beside the hip joint, and
signal piled up around it.

Cortical bone, tendon and capsule are dark too, but thin: in two real T1 studies without metal no dark structure near the hip is thicker
than 11 mm (radius 5.4 mm), while a head or cup leaves a void of 32 mm and more. Marrow, gas and urine are told apart by depth and place:
marrow is not that dark, gas and urine do not lie at the joint. The border of the picture is no void.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gluteal_grade.config import MetalArtifactSettings, MetalCtSettings
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.imaging import Box, body_mask, box_of, finite, in_plane, of_images, opened, thick_axis

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Darkness:
    """A picture looked at once for both sides.

    Attributes:
        void: dark voxels inside the body.
        find_pile_up: gives `pile_up`; asked only where there is a void.
        spacing_mm: of the grid.
    """

    void: Mask
    find_pile_up: Callable[[], Mask]
    spacing_mm: tuple[float, float, float]

    @cached_property
    def pile_up(self) -> Mask:
        """Voxels brighter than any tissue near them."""
        return self.find_pile_up()


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


@of_images
def darkness(image: Volume, settings: MetalArtifactSettings, body: Mask | None = None) -> Darkness:
    """Voids and pile-up anywhere in a magnitude image whose every tissue gives signal (T1, T2, PD, in phase, water plus fat).

    Both are judged against the tissue within some centimetres, so that coil shading does not count. In a noisy picture a void is as
    bright as the air outside, and frayed: what is dark smoothed or as it is counts.

    Args:
        image: RAS+.
        settings: thresholds.
        body: its mask, holes filled, where known already.
    """
    array = finite(np.asarray(image.array, np.float32))
    body = body_mask(image) if body is None else body
    bright = float(np.percentile(array[body], 90)) if body.any() else 0.0
    tissue = body & (array > settings.tissue_above * bright)
    if not tissue.any():
        nothing = np.zeros(array.shape, bool)
        return Darkness(nothing, lambda: nothing, image.spacing_mm)
    sigma = [settings.reference_mm / s for s in image.spacing_mm]
    local = _local_mean(array, tissue, sigma)
    floor = settings.void_below_floor * float(np.median(array[~body])) if (~body).any() else 0.0
    axis = thick_axis(image.spacing_mm)
    plane = in_plane(axis)
    smooth = ndimage.gaussian_filter(array, [settings.smooth_mm / image.spacing_mm[a] for a in plane], axes=plane)
    void = body & (np.minimum(array, smooth) < np.clip(floor, settings.void_below * local, settings.void_at_most * local))
    void = opened(void, plane)

    def pile_up() -> Mask:
        upper = tissue & (array > np.percentile(array[tissue], 60)) & (array < 2 * bright)
        return np.asarray(body & (array > settings.pile_up_above * _local_mean(array, upper, sigma)))

    return Darkness(_inner(void, axis), pile_up, image.spacing_mm)


def artifact_near(found: Darkness, distance: FloatArray, settings: MetalArtifactSettings) -> Artifact:
    """Voids near one hip.

    Args:
        found: the picture's.
        distance: mm to joint and stem, same grid.
        settings: thresholds.
    """
    spacing = found.spacing_mm
    box = near(distance < settings.reach_mm, 0.0, spacing)  # a voxel more at each side: it ends a void
    void = found.void[box] & (distance[box] < settings.reach_mm)
    thickness = _thickness_mm(void, spacing)
    parts, count = ndimage.label(void)
    thick = np.zeros(count + 1, bool)
    thick[parts[thickness >= settings.core_radius_mm]] = True
    core, pile_up = np.zeros(distance.shape, bool), np.zeros(distance.shape, bool)
    core[box] = thick[parts]
    if core.any():
        # as far from the joint as pile-up is looked for
        box = box_of(distance < settings.reach_mm + settings.pile_up_within_mm)
        around = near(core[box], settings.pile_up_within_mm, spacing)
        away = ndimage.distance_transform_edt(~core[box][around], sampling=spacing)
        pile_up[box][around] = found.pile_up[box][around] & (away < settings.pile_up_within_mm)
    ml = float(np.prod(spacing)) / 1000
    return Artifact(core, pile_up, float(thickness.max(initial=0.0)), float(core.sum()) * ml, float(pile_up.sum()) * ml)


def artifact_on_ct(image: Volume, distance: FloatArray, reach_mm: float, settings: MetalCtSettings) -> Artifact:
    """Voxels above `metal_hu`, which no bone reaches, near joint and stem; streaks are what the margin around them is for.

    Args:
        image: HU.
        distance: mm to joint and stem, same grid.
        reach_mm: how far from there metal is looked for.
        settings: thresholds.
    """
    core: Mask = (image.array > settings.metal_hu) & (distance < reach_mm)
    return Artifact(core, np.zeros(core.shape, bool), 0.0, float(core.sum()) * image.grid.voxel_volume_ml, 0.0)


def near(mask: Mask, reach_mm: float, spacing_mm: tuple[float, float, float]) -> Box:
    """A box that holds everything so close to a mask."""
    x, y, z = (
        slice(max(0, side.start - int(reach_mm / size) - 1), side.stop + int(reach_mm / size) + 1)
        for side, size in zip(box_of(mask), spacing_mm, strict=True)
    )
    return x, y, z


def _thickness_mm(mask: Mask, spacing: tuple[float, float, float]) -> FloatArray:
    """Radius of the in-plane circle around each voxel that fits into the mask; slices may be too thick for balls."""
    radius = np.zeros(mask.shape, np.float32)
    axis = thick_axis(spacing)
    sampling = [spacing[a] for a in in_plane(axis)]
    slices, circles = np.moveaxis(mask, axis, 0), np.moveaxis(radius, axis, 0)
    for k in np.flatnonzero(slices.any(axis=(1, 2))):
        circles[k] = ndimage.distance_transform_edt(slices[k], sampling=sampling)
    return radius


def _inner(array: Mask, slice_axis: int) -> Mask:
    """Without what hangs together with the border of its slice: padding, air, a coil's end."""
    void = np.moveaxis(array, slice_axis, 2)
    framed = np.zeros(void.shape, bool)
    framed[[0, -1]] = framed[:, [0, -1]] = True
    plane = ndimage.generate_binary_structure(2, 1)[:, :, None]
    outside = ndimage.binary_propagation(void & framed, structure=plane, mask=void)
    return np.ascontiguousarray(np.moveaxis(void & ~outside, 2, slice_axis))


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
