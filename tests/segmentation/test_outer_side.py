"""Where the body ends in a picture of one hip."""

import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.outer_side import outer_side
from gluteal_grade.vocabulary import Side


def picture(low: int, high: int, flip: bool = False) -> Volume:
    """60 x 50 x 20 voxels of 4 x 4 x 8 mm; tissue from column `low` to `high`, counted from the patient's left."""
    array = np.full((60, 50, 20), 2.0, np.float32)
    array[low:high, 5:45] = np.random.default_rng(0).uniform(300, 900, (high - low, 40, 20))
    affine = np.diag([4.0, 4.0, 8.0, 1.0])
    if flip:
        array, affine = array[::-1].copy(), affine @ np.array([[-1, 0, 0, 59], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    return Volume(array, affine)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("low", "high", "side"), [(0, 45, Side.RIGHT), (15, 60, Side.LEFT), (10, 50, None), (0, 60, None), (0, 58, None), (5, 45, None)]
)
def test_skin_lies_laterally(low: int, high: int, side: Side | None, flip: bool) -> None:
    assert outer_side(picture(low, high, flip), ct=False) is side


def test_an_empty_picture_says_nothing() -> None:
    assert outer_side(Volume(np.zeros((20, 20, 20), np.float32), np.diag([4.0, 4.0, 4.0, 1.0])), ct=False) is None


def test_air_of_a_ct_is_air() -> None:
    array = np.full((60, 50, 20), -1000.0, np.float32)
    array[:45, 5:45] = 40
    assert outer_side(Volume(array, np.diag([4.0, 4.0, 8.0, 1.0])), ct=True) is Side.RIGHT
