"""Does a muscle leave the field of view, and how much of it is likely to be missing?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gluteal_grade.geometry import FloatArray, Grid, Volume
from gluteal_grade.imaging.kept import of_images
from gluteal_grade.imaging.planes import boxes_of
from gluteal_grade.vocabulary import LABEL_VALUES, Muscle, Side

Key = tuple[Muscle, Side]
Sections = tuple[npt.NDArray[np.intp], ...]

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
    return _coverage(_sections(mask, (0, 0, 0), image.shape), _picture(image), image.grid, min_area_mm2)


def views_of(labels: Volume, image: Volume, min_area_mm2: float) -> dict[Key, Coverage]:
    """Coverage of every muscle that a label map of our own values holds, whatever regions it tells apart."""
    sections: dict[Key, Sections] = {}
    for value, box in boxes_of(labels.array).items():
        key = (LABEL_VALUES[value].muscle, LABEL_VALUES[value].side)
        mine = _sections(labels.array[box] == value, (box[0].start, box[1].start, box[2].start), labels.shape)
        sections[key] = tuple(a + b for a, b in zip(sections[key], mine, strict=True)) if key in sections else mine
    picture = _picture(image)
    return {key: _coverage(mine, picture, image.grid, min_area_mm2) for key, mine in sections.items()}


def _sections(mask: npt.NDArray[np.bool_], start: tuple[int, int, int], shape: tuple[int, ...]) -> Sections:
    """Voxels in each plane of a picture, along each axis; the mask begins at `start`."""
    found = []
    for axis, n in enumerate(shape):
        counts = np.zeros(n, np.intp)
        counts[start[axis] : start[axis] + mask.shape[axis]] = np.count_nonzero(mask, axis=tuple({0, 1, 2} - {axis}))
        found.append(counts)
    return tuple(found)


def _coverage(sections: Sections, picture: tuple[tuple[int, int], ...], grid: Grid, min_area_mm2: float) -> Coverage:
    """Coverage of a muscle in a picture that reaches from first to last plane along each axis."""
    count = int(sections[0].sum())
    if not count:
        return Coverage(math.nan, ())
    share, borders = 1.0, []
    voxel_mm3 = grid.voxel_volume_ml * 1000
    volume_mm3 = count * voxel_mm3
    for axis, (first, last) in enumerate(picture):
        spacing = grid.spacing_mm[axis]
        area = sections[axis] * (voxel_mm3 / spacing)
        for face, (index, inwards) in enumerate(((first, 1), (last, -1))):
            if area[index] <= min_area_mm2:
                continue
            borders.append(_FACES[axis][face])
            profile = area[index:] if inwards > 0 else area[index::-1]
            missing = _mirrored_beyond(profile, spacing)
            share *= volume_mm3 / (volume_mm3 + missing)
    return Coverage(min(max(share, _LEAST), _NEARLY_WHOLE) if borders else 1.0, tuple(borders))


@of_images
def _picture(image: Volume) -> tuple[tuple[int, int], ...]:
    """First and last plane along each axis that hold a picture rather than padding."""
    ends = []
    for axis in range(3):
        planes = np.moveaxis(image.array, axis, 0)
        first = next((n for n, plane in enumerate(planes) if plane.min() != plane.max()), None)
        last = next((n for n in reversed(range(len(planes))) if planes[n].min() != planes[n].max()), None)
        ends.append((0, image.shape[axis] - 1) if first is None or last is None else (first, last))
    return tuple(ends)


def _mirrored_beyond(area: FloatArray, plane_mm: float) -> float:
    """Volume (mm3) beyond the first section if that end closes as the far end does: everything beyond the last section as large as it."""
    as_large = np.flatnonzero(area >= area[0])
    return float(area[as_large[-1] + 1 :].sum()) * plane_mm if as_large[-1] > 0 else float(area.sum()) * plane_mm
