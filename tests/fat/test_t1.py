"""T1 fat fraction: anchors, bias, refusals."""

import numpy as np
import pytest

from gluteal_grade.anatomy import Muscle, Side
from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.t1 import from_t1
from gluteal_grade.geometry import Volume
from gluteal_grade.study import Acquisition, SeriesKind
from tests.synthetic import Toy, make_toy, series, t1

FAT = load_settings().fat
FRACTIONS = {(Muscle.GLUTEUS_MAXIMUS, Side.RIGHT): 0.08, (Muscle.GLUTEUS_MAXIMUS, Side.LEFT): 0.35, (Muscle.GLUTEUS_MEDIUS, Side.LEFT): 0.6}


def errors(toy: Toy, array: np.ndarray) -> dict:
    fat = from_t1(series("t1", SeriesKind.T1, toy.volume(array)), FAT).volume.array
    values = np.unique(toy.labels.array[toy.labels.array > 0])
    return {int(v): float(np.nanmean(fat[toy.labels.array == v]) - toy.fat[toy.labels.array == v].mean()) for v in values}


@pytest.mark.parametrize("bias", [0.0, 0.4, 0.7])
def test_within_three_points(bias: float) -> None:
    toy = make_toy(FRACTIONS)
    worst = max(map(abs, errors(toy, t1(toy, bias=bias)).values()))
    assert worst < 0.03


def test_pooled_anchors_stand_when_every_gluteus_is_fat() -> None:
    """grading.md: anchors from the glutei alone would call this patient normal."""
    toy = make_toy(0.8)
    assert max(map(abs, errors(toy, t1(toy)).values())) < 0.03


def test_same_input_same_numbers() -> None:
    toy = make_toy(FRACTIONS)
    array = t1(toy, bias=0.4)
    assert errors(toy, array) == errors(toy, array)


def test_signal_void_is_not_lean_muscle() -> None:
    toy = make_toy(0.1)
    array = t1(toy)
    void = np.zeros(array.shape, bool)
    void[30:44, 40:60, 10:20] = True
    array[void] = 5
    fat = from_t1(series("t1", SeriesKind.T1, toy.volume(array)), FAT)
    assert np.isnan(fat.volume.array[void]).mean() > 0.95
    glutei = toy.labels.array > 0
    assert np.isfinite(fat.volume.array[glutei & ~void]).mean() > 0.97, "only the voxels that touch the void go with it"


def refusal(toy: Toy, array: np.ndarray, **facts) -> Reason:
    with pytest.raises(RefusedInput) as caught:
        from_t1(series("t1", SeriesKind.T1, Volume(array, toy.grid.affine), **facts), FAT)
    return caught.value.reason


def test_after_contrast_is_refused() -> None:
    toy = make_toy()
    assert refusal(toy, t1(toy), acquisition=Acquisition(contrast_agent=True)) is Reason.CONTRAST_AGENT


def test_fat_suppressed_in_disguise_is_refused() -> None:
    toy = make_toy()
    suppressed = np.where(toy.body, 1000 * (1 - 0.85 * np.nan_to_num(toy.fat)), 0) + 20 * np.random.default_rng(0).random(toy.grid.shape)
    assert refusal(toy, suppressed) in (Reason.NO_FAT_REFERENCE, Reason.NO_LEAN_REFERENCE)


def test_a_picture_without_skin_is_refused() -> None:
    toy = make_toy()
    inner = Volume(t1(toy), toy.grid.affine).cropped((45, 35, 2), (100, 70, 28))
    with pytest.raises(RefusedInput) as caught:
        from_t1(series("t1", SeriesKind.T1, inner), FAT)
    assert caught.value.reason is Reason.NO_FAT_REFERENCE
