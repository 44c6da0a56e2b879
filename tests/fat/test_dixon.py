"""Dixon fat fraction against exact truth on the toy pelvis."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.geometry import Volume
from gluteal_grade.study import Acquisition, SeriesKind
from tests.synthetic import dixon, dixon_study, make_toy, series

FAT = load_settings().fat


@pytest.mark.parametrize("fraction", [0.05, 0.12, 0.4, 0.85])
def test_fraction_is_right_voxel_by_voxel(fraction: float) -> None:
    toy = make_toy(fraction)
    fat = from_water_fat(*dixon_study(toy, snr=60).series, FAT)
    glutei = toy.labels.array > 0
    error = fat.volume.array[glutei] - toy.fat[glutei]
    assert abs(error.mean()) < 0.005
    assert error.std() < 0.03


def test_air_has_no_fraction_and_tissue_has() -> None:
    toy = make_toy()
    fat = from_water_fat(*dixon_study(toy).series, FAT)
    assert np.isnan(fat.volume.array[~toy.body]).all()
    assert np.isfinite(fat.volume.array[toy.body]).all()


def test_other_grids_are_refused() -> None:
    toy = make_toy()
    water, fat = dixon(toy)
    moved = Volume(fat, toy.grid.affine + np.array([[0, 0, 0, 3.0]] + [[0] * 4] * 3))
    with pytest.raises(RefusedInput) as caught:
        from_water_fat(series("w", SeriesKind.DIXON_WATER, toy.volume(water)), series("f", SeriesKind.DIXON_FAT, moved), FAT)
    assert caught.value.reason is Reason.GRID_MISMATCH


def philips(toy, *rescaled: bool) -> list:
    facts = [Acquisition(manufacturer="Philips Medical Systems", rescaled=r) for r in rescaled]
    kinds = SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT
    return [series(k.value, k, toy.volume(a), acquisition=f) for k, a, f in zip(kinds, dixon(toy), facts, strict=True)]


def test_a_philips_pair_of_which_one_is_scaled_is_refused() -> None:
    with pytest.raises(RefusedInput) as caught:
        from_water_fat(*philips(make_toy(), True, False), FAT)
    assert caught.value.reason is Reason.UNEQUAL_SCALING


@pytest.mark.parametrize(("rescaled", "notes"), [(True, []), (False, [Reason.UNEQUAL_SCALING])])
def test_a_philips_pair_without_scanner_scaling_is_noted(rescaled: bool, notes: list[Reason]) -> None:
    assert [n.reason for n in from_water_fat(*philips(make_toy(), rescaled, rescaled), FAT).notes] == notes
