"""A swapped Dixon pair is refused; fatty muscles are not a swap."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.fat.swap import refuse_swapped
from tests.synthetic import Toy, dixon_study, make_toy

FAT = load_settings().fat


def check(toy: Toy, swap: bool, seed: int = 2) -> None:
    pair = dixon_study(toy, seed=seed, snr=25).series
    fat = from_water_fat(*(reversed(pair) if swap else pair), FAT)
    refuse_swapped(fat, toy.labels, FAT.swap)


@pytest.mark.parametrize("fraction", [0.05, 0.15, 0.3])
def test_swaps_are_refused(fraction: float) -> None:
    with pytest.raises(RefusedInput) as caught:
        check(make_toy(fraction), swap=True)
    assert caught.value.reason is Reason.WATER_FAT_SWAP


@pytest.mark.parametrize("fraction", [0.05, 0.5, 0.95])
def test_true_fat_is_no_swap(fraction: float) -> None:
    check(make_toy(fraction), swap=False)


def test_without_skin_in_view_nothing_is_claimed() -> None:
    toy = make_toy(0.9)
    toy.fat[toy.body] = np.where(toy.labels.array[toy.body] > 0, 0.9, 0.9)
    check(toy, swap=False)
