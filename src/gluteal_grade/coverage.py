"""Does a muscle leave the field of view, and how much of it is likely to be missing?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.geometry import FloatArray, Volume

_FACES = (("left", "right"), ("posterior", "anterior"), ("inferior", "superior"))
_LEAST = 0.05
_NEARLY_WHOLE = 0.99


@dataclass(frozen=True)
class Coverage:
    """How much of a muscle the picture holds.

    Attributes:
        share: estimated share of the muscle's volume in view, 1.0 if no border is touched.
        borders: the sides of the picture that cut it.
    """

    share: float
    borders: tuple[str, ...]


def coverage(mask: npt.NDArray[np.bool_], image: Volume, min_area_mm2: float) -> Coverage:
    """Coverage of one label.

    The missing part is unknown; it is estimated by letting the cut cross-section taper off as it did on its way to the border
    (a cone through the largest and the cut section). The estimate says how far to trust a volume; it never corrects one.

    Args:
        mask: (x, y, z) voxels of the muscle.
        image: the picture it was drawn on, RAS+; constant (padded) planes at its ends count as outside.
        min_area_mm2: smaller contact with the border is no cut.
    """
    if not mask.any():
        return Coverage(math.nan, ())
    share, borders = 1.0, []
    volume_mm3 = float(mask.sum()) * image.grid.voxel_volume_ml * 1000
    for axis in range(3):
        spacing = image.spacing_mm[axis]
        area = mask.sum(axis=tuple({0, 1, 2} - {axis})) * (image.grid.voxel_volume_ml * 1000 / spacing)
        first, last = _view(image.array, axis)
        for face, (index, inwards) in enumerate(((first, 1), (last, -1))):
            if area[index] <= min_area_mm2:
                continue
            borders.append(_FACES[axis][face])
            profile = area[index:] if inwards > 0 else area[index::-1]
            missing = _cone_beyond(profile, spacing, volume_mm3)
            share *= volume_mm3 / (volume_mm3 + missing)
    return Coverage(min(max(share, _LEAST), _NEARLY_WHOLE) if borders else 1.0, tuple(borders))


def _view(array: npt.NDArray[np.generic], axis: int) -> tuple[int, int]:
    """First and last plane along an axis that hold a picture rather than padding."""
    planes = np.moveaxis(np.asarray(array), axis, 0)
    flat = planes.reshape(planes.shape[0], -1)
    filled = np.flatnonzero(flat.min(axis=1) != flat.max(axis=1))
    return (int(filled[0]), int(filled[-1])) if filled.size else (0, planes.shape[0] - 1)


def _cone_beyond(profile: FloatArray, spacing_mm: float, volume_mm3: float) -> float:
    """Volume (mm3) of the cone that a cut cross-section ends in, from the taper between the largest section and the cut."""
    peak = int(np.argmax(profile))
    cut, largest = float(profile[0]), float(profile[peak])
    taper = math.sqrt(largest) - math.sqrt(cut)
    if peak == 0 or taper <= 0:
        return volume_mm3  # cut at its thickest: at least as much again is missing
    height = peak * spacing_mm * math.sqrt(cut) / taper
    return min(cut * height / 3, volume_mm3 / _LEAST)
