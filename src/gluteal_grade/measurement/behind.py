"""Behind the gluteus maximus lies fat, whoever the patient is: the last witness of water taken for fat, where no skin is in view."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gluteal_grade.errors import Reason
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import muscles_of
from gluteal_grade.segmentation import Flag
from gluteal_grade.vocabulary import Method, Muscle, Side

_FROM_MM, _TO_MM = 2.0, 12.0  # behind the label
_LEAST_ML = 2.0
_FATTY = 0.45  # a maximus that reads leaner than that is not asked
_LEANER = 0.3  # sound ones: fat behind reads 0.85 and more, so more than any muscle
_PERCENTILE = 85  # under a thin layer of fat lies air, which reads as anything
# methods that need no reference tissue
OF_WATER_AND_FAT = frozenset({Method.DIXON, Method.FAT_FRACTION_MAP, Method.MULTI_ECHO, Method.IN_OPPOSED_PHASE})


def exchanged_behind(labels: Volume, maps: Mapping[Side, FatMap]) -> tuple[Flag, ...]:
    """Muscles of a side whose maximus reads far fatter than what lies behind it.

    Args:
        labels: the glutei, our own values, RAS+.
        maps: fat of each side on the same grid.
    """
    found = muscles_of(labels)
    flags: list[Flag] = []
    for side, fat in maps.items():
        if fat.method not in OF_WATER_AND_FAT or (Muscle.GLUTEUS_MAXIMUS, side) not in found:
            continue
        mask, (i, j, k) = found[Muscle.GLUTEUS_MAXIMUS, side]
        step = labels.spacing_mm[1]
        reach = range(max(1, round(_FROM_MM / step)), max(1, int(_TO_MM / step)) + 1)
        room = reach[-1]
        start = max(0, j.start - room)
        padded = np.pad(mask, ((0, 0), (room, 0), (0, 0)))
        back = np.any([np.roll(padded, -n, axis=1) for n in reach], axis=0)[:, start - (j.start - room) :]  # y grows to the front
        here = (i, slice(start, j.stop), k)
        back &= labels.array[here] == 0
        behind, inside = fat.volume.array[here][back], fat.volume.array[i, j, k][mask]
        behind, inside = behind[np.isfinite(behind)], inside[np.isfinite(inside)]
        if not len(inside) or len(behind) * labels.grid.voxel_volume_ml < _LEAST_ML:
            continue
        muscle, around = float(inside.mean()), float(np.percentile(behind, _PERCENTILE))
        if muscle > _FATTY and around < muscle - _LEANER:
            words = f"gluteus maximus reads as {muscle:.0%} fat and what lies behind it, under the skin, as {around:.0%}"
            words += ": water and fat are exchanged, or this is no map of fat"
            flags += [Flag(one, side, Reason.WATER_FAT_SWAP, words, review=True) for one in Muscle]
    return tuple(flags)
