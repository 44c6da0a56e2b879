"""Thin fat between muscles made plainer before the fine look, whose voxels are wider than it.

A plane of fat of 1 mm between medius and maximus is plain to a reader and gone on a grid of 2.5 mm. Where fat is dark (water images,
STIR, CT) the same with dark lines left real outlines as they were and cost fat of medius on phantoms (the model card).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gluteal_grade.config import ThinFatSettings
from gluteal_grade.geometry import Array, Volume
from gluteal_grade.imaging import Box, box_of, in_plane, thick_axis
from gluteal_grade.segmentation.look import look

_BRIGHTEST, _ABOVE = 99.0, 1.1  # no line becomes brighter than this multiple of this percentile of the image
_MARGIN_MM = 40.0  # around the glutei of the coarse look: all that the fine look sees of muscle
_NEAR_MM = 10.0  # around the glutei, where their fat lies
_AROUND_MM = 15.0  # in plane: so far around a line others tell what is usual
_LEAST_VOXELS = 50
_CLEARLY = 0.15  # of the scale: fat is brighter than muscle by so much more than other tissue is darker


def with_thin_fat(image: Volume, glutei: Volume, settings: ThinFatSettings, *, ct: bool) -> Volume:
    """The image with its thin bright lines made brighter: what an opening in plane takes away (a white top-hat; Serra 1982) is added.

    Of a line only what stands out from those around counts: little of noise and of a muscle full of fatty streaks, most of a plane
    between lean muscles. Unchanged where fat is not plainly brighter than muscle, where pixels are too wide to show a line, and where no
    gluteus is in view.

    Args:
        image: any orientation; MR in any unit, CT in HU.
        glutei: labels of the coarse look, 0 elsewhere; any grid.
        settings: width of a line, how much is added, widest pixel.
        ct: fat is darker than muscle.

    Returns:
        float32 values in RAS+ order, or the image itself.
    """
    if ct or not settings.times or not glutei.array.any():
        return image
    upright = image.to_ras()
    across = thick_axis(upright.spacing_mm)
    if max(upright.spacing_mm[axis] for axis in in_plane(across)) > settings.widest_pixel_mm or not fat_is_bright(image, glutei):
        return image

    def pixels(width_mm: float) -> list[int]:
        return [1 if a == across else max(3, round(width_mm / s) | 1) for a, s in enumerate(upright.spacing_mm)]

    box = _around(glutei, upright)
    values = upright.array.astype(np.float32)
    part = values[box]
    lines = part - ndimage.grey_opening(part, pixels(settings.width_mm))
    lines = np.maximum(lines - ndimage.uniform_filter(lines, pixels(_AROUND_MM)), 0)
    brightest = _ABOVE * float(np.percentile(values[::2, ::2], _BRIGHTEST))
    values[box] = np.maximum(part, np.minimum(part + settings.times * lines, brightest))
    return upright.with_array(values)


def fat_is_bright(image: Volume, glutei: Volume) -> bool:
    """Whether fat around the glutei is plainly brighter than they are; not where it has replaced them.

    Args:
        image: MR, any orientation.
        glutei: labels, 0 elsewhere; on a coarse grid, as every voxel of it is looked at.
    """
    seen: Array = look(image, glutei.grid, ct=False)
    inside = glutei.array > 0
    near = (ndimage.distance_transform_edt(~inside, sampling=glutei.spacing_mm) <= _NEAR_MM) & ~inside & (seen > 0)
    if min(inside.sum(), near.sum()) < _LEAST_VOXELS:
        return False
    muscle, dark, bright = float(np.median(seen[inside])), *(float(v) for v in np.percentile(seen[near], (10, 90)))
    return bright - muscle > muscle - dark + _CLEARLY


def _around(glutei: Volume, image: Volume) -> Box:
    """The part of an image within the margin of the box of all labels."""
    box = box_of(glutei.array > 0)
    corners = glutei.grid.to_world(np.array([[s.start for s in box], [s.stop - 1 for s in box]], float))
    low, high = corners.min(axis=0) - _MARGIN_MM, corners.max(axis=0) + _MARGIN_MM
    ends = image.grid.to_voxel(np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]))
    first = np.clip(np.floor(ends.min(axis=0)).astype(int), 0, image.shape)
    last = np.clip(np.ceil(ends.max(axis=0)).astype(int) + 1, 0, image.shape)
    x, y, z = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    return x, y, z
