"""Does a muscle leave the field of view, and how much of it is likely to be missing?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.anatomy import LABEL_VALUES, Muscle, Side
from gluteal_grade.geometry import FloatArray, Volume

Key = tuple[Muscle, Side]

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

    The missing part is unknown; it is estimated by letting the cut end close as the muscle's other end does. The estimate says how
    far to trust a volume; it never corrects one.

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
            missing = _mirrored_beyond(profile, spacing)
            share *= volume_mm3 / (volume_mm3 + missing)
    return Coverage(min(max(share, _LEAST), _NEARLY_WHOLE) if borders else 1.0, tuple(borders))


def views_of(labels: Volume, image: Volume, min_area_mm2: float) -> dict[Key, Coverage]:
    """Coverage of every muscle that a label map of our own values holds, whatever regions it tells apart."""
    by_muscle: dict[Key, list[int]] = {}
    for value in np.unique(labels.array[labels.array > 0]):
        part = LABEL_VALUES[int(value)]
        by_muscle.setdefault((part.muscle, part.side), []).append(int(value))
    return {key: coverage(np.isin(labels.array, values), image, min_area_mm2) for key, values in by_muscle.items()}


def _view(array: npt.NDArray[np.generic], axis: int) -> tuple[int, int]:
    """First and last plane along an axis that hold a picture rather than padding."""
    planes = np.moveaxis(np.asarray(array), axis, 0)
    flat = planes.reshape(planes.shape[0], -1)
    filled = np.flatnonzero(flat.min(axis=1) != flat.max(axis=1))
    return (int(filled[0]), int(filled[-1])) if filled.size else (0, planes.shape[0] - 1)


def _mirrored_beyond(area: FloatArray, plane_mm: float) -> float:
    """Volume (mm3) beyond the first section if that end closes as the far end does: everything beyond the last section as large as it."""
    as_large = np.flatnonzero(area >= area[0])
    return float(area[as_large[-1] + 1 :].sum()) * plane_mm if as_large[-1] > 0 else float(area.sum()) * plane_mm
