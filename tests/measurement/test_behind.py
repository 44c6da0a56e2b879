"""Water taken for fat is seen by what lies behind the maximus, where no skin is in view."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.measurement.behind import exchanged_behind
from gluteal_grade.vocabulary import LABEL_VALUES, Method, Muscle, Side

AFFINE = np.diag([3.0, 3.0, 6.0, 1.0])
(MAXIMUS,) = {
    v for v, part in LABEL_VALUES.items() if (part.muscle, part.side, part.region) == (Muscle.GLUTEUS_MAXIMUS, Side.RIGHT, "whole")
}


def labels(first: int = 12) -> Volume:
    array = np.zeros((40, 40, 10), np.uint8)
    array[10:30, first:22] = MAXIMUS
    return Volume(array, AFFINE)


def fat_map(inside: float, behind: float, *, layer: int = 12, method: Method = Method.FAT_FRACTION_MAP) -> FatMap:
    """Lean muscle before it, `layer` voxels of something behind it, air behind that."""
    values = np.full((40, 40, 10), 0.08, np.float32)
    values[:, :12] = 0.0
    values[:, 12 - layer : 12] = behind
    values[10:30, 12:22] = inside
    volume = Volume(values, AFFINE)
    return FatMap(volume, method, (), volume, Volume(np.ones(values.shape, bool), AFFINE))


def asked(fat: FatMap, map_of: Volume | None = None):
    return exchanged_behind(map_of or labels(), {Side.RIGHT: fat})


def test_water_taken_for_fat_needs_a_review() -> None:
    flags = asked(fat_map(0.7, 0.06))
    assert {f.muscle for f in flags} == set(Muscle)
    assert all((f.side, f.reason, f.review) == (Side.RIGHT, Reason.WATER_FAT_SWAP, True) for f in flags)
    assert "as 70% fat and what lies behind it, under the skin, as 6%" in flags[0].detail


@pytest.mark.parametrize("inside", [0.05, 0.3, 0.6, 0.85])
@pytest.mark.parametrize("layer", [12, 4, 1], ids=["much fat", "some", "thin"])
def test_fat_muscle_under_fat_is_sound(inside: float, layer: int) -> None:
    assert asked(fat_map(inside, 0.92, layer=layer)) == ()


def test_ct_and_labels_at_the_border_are_not_asked() -> None:
    assert asked(fat_map(0.7, 0.06, method=Method.CT)) == ()
    assert asked(fat_map(0.7, 0.06), labels(first=0)) == ()
