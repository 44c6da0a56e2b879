"""CT: HU windows and the two-anchor fraction."""

from collections.abc import Callable

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.ct import from_ct
from gluteal_grade.io import Acquisition
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import ct, make_toy, series

FAT = load_settings().fat


def test_windows_and_fraction() -> None:
    hu = np.array([-1000, -191, -190, -100, -30, -29, 0, 29, 30, 55, 100, 101, 251, 3000], np.float32)
    toy = make_toy(shape=(2, 7, 1))
    fat = from_ct(series("ct", SeriesKind.CT, toy.volume(hu.reshape(2, 7, 1))), FAT)
    assert fat.ct_fat.array.ravel().astype(int).tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert fat.ct_lean.array.ravel().astype(int).tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0]
    fraction = fat.volume.array.ravel()
    assert np.isnan(fraction).astype(int).tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    assert fraction[[3, 9]].tolist() == [1.0, 0.0]
    assert fraction[6] == pytest.approx(55 / 155)
    assert fat.notes[0].reason is Reason.CT_UNCALIBRATED


def test_fraction_on_the_toy_pelvis() -> None:
    toy = make_toy(0.3)
    fat = from_ct(series("ct", SeriesKind.CT, toy.volume(ct(toy))), FAT)
    glutei = toy.labels.array > 0
    assert np.nanmean(fat.volume.array[glutei]) == pytest.approx(0.3, abs=0.005)


def test_shifted_values_are_refused() -> None:
    toy = make_toy()
    with pytest.raises(RefusedInput) as caught:
        from_ct(series("ct", SeriesKind.CT, toy.volume(np.maximum(ct(toy) + 1024, 0))), FAT)
    assert caught.value.reason is Reason.CT_NOT_HU


@pytest.mark.parametrize("change", [lambda hu: hu + 60, lambda hu: hu - 60, lambda hu: hu * 0.5], ids=["added", "taken off", "scaled"])
def test_values_whose_fat_is_no_fat_are_refused(change: Callable[[np.ndarray], np.ndarray]) -> None:
    toy = make_toy()
    hu = change(ct(toy)).astype(np.float32)
    with pytest.raises(RefusedInput) as caught:
        from_ct(series("ct", SeriesKind.CT, toy.volume(hu)), FAT)
    assert caught.value.reason is Reason.CT_NOT_HU
    assert "fat under the skin" in caught.value.detail
    # at another energy fat has other HU, which is told and not refused
    from_ct(series("ct", SeriesKind.CT, toy.volume(hu), acquisition=Acquisition(modality="CT", tube_kv=80.0)), FAT)


@pytest.mark.parametrize(
    ("description", "facts", "told"),
    [
        ("Pelvis", {}, []),
        ("Pelvis", {"tube_kv": 120.0}, []),
        ("Pelvis", {"tube_kv": 80.0}, [Reason.CT_ENERGY]),
        ("portal venous", {"contrast_agent": True, "tube_kv": 120.0}, [Reason.CT_CONTRAST_MEDIUM]),
        ("Mono 40keV", {"tube_kv": 120.0}, [Reason.CT_ENERGY]),
        ("Mono+ 70 keV", {"contrast_agent": True}, [Reason.CT_CONTRAST_MEDIUM, Reason.CT_ENERGY]),
    ],
)
def test_what_moves_the_anchors_is_told(description: str, facts: dict, told: list[Reason]) -> None:
    toy = make_toy(0.2)
    one = series("ct", SeriesKind.CT, toy.volume(ct(toy)), acquisition=Acquisition(modality="CT", **facts), description=description)
    assert [note.reason for note in from_ct(one, FAT).notes] == [Reason.CT_UNCALIBRATED, *told]
