"""Does a muscle leave the field of view, and how much of it is likely to be missing?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.anatomy import LABEL_VALUES, Muscle, Side
from gluteal_grade.geometry import FloatArray, Grid, Volume

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
    return _coverage(np.argwhere(mask), _picture(image), image.grid, min_area_mm2)


def views_of(labels: Volume, image: Volume, min_area_mm2: float) -> dict[Key, Coverage]:
    """Coverage of every muscle that a label map of our own values holds, whatever regions it tells apart."""
    inside = np.argwhere(labels.array)
    values = labels.array[tuple(inside.T)]
    by_muscle: dict[Key, list[int]] = {}
    for value in np.flatnonzero(np.bincount(values)).tolist():
        by_muscle.setdefault((LABEL_VALUES[value].muscle, LABEL_VALUES[value].side), []).append(value)
    picture = _picture(image)
    return {key: _coverage(inside[np.isin(values, mine)], picture, image.grid, min_area_mm2) for key, mine in by_muscle.items()}


def _coverage(voxels: npt.NDArray[np.intp], picture: tuple[tuple[int, int], ...], grid: Grid, min_area_mm2: float) -> Coverage:
    """Coverage of (n, 3) voxels of a picture that reaches from first to last plane along each axis."""
    if not len(voxels):
        return Coverage(math.nan, ())
    share, borders = 1.0, []
    voxel_mm3 = grid.voxel_volume_ml * 1000
    volume_mm3 = len(voxels) * voxel_mm3
    for axis, (first, last) in enumerate(picture):
        spacing = grid.spacing_mm[axis]
        area = np.bincount(voxels[:, axis], minlength=grid.shape[axis]) * (voxel_mm3 / spacing)
        for face, (index, inwards) in enumerate(((first, 1), (last, -1))):
            if area[index] <= min_area_mm2:
                continue
            borders.append(_FACES[axis][face])
            profile = area[index:] if inwards > 0 else area[index::-1]
            missing = _mirrored_beyond(profile, spacing)
            share *= volume_mm3 / (volume_mm3 + missing)
    return Coverage(min(max(share, _LEAST), _NEARLY_WHOLE) if borders else 1.0, tuple(borders))


def _picture(image: Volume) -> tuple[tuple[int, int], ...]:
    """First and last plane along each axis that hold a picture rather than padding."""
    ends = []
    for axis in range(3):
        others = tuple({0, 1, 2} - {axis})
        filled = np.flatnonzero(image.array.min(axis=others) != image.array.max(axis=others))
        ends.append((int(filled[0]), int(filled[-1])) if filled.size else (0, image.shape[axis] - 1))
    return tuple(ends)


def _mirrored_beyond(area: FloatArray, plane_mm: float) -> float:
    """Volume (mm3) beyond the first section if that end closes as the far end does: everything beyond the last section as large as it."""
    as_large = np.flatnonzero(area >= area[0])
    return float(area[as_large[-1] + 1 :].sum()) * plane_mm if as_large[-1] > 0 else float(area.sum()) * plane_mm
