"""Slices that are not what their place says are not measured, on any method, and said so."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Series, Study
from gluteal_grade.measurement.plan import plan_study
from gluteal_grade.vocabulary import Method, SeriesKind, Side
from tests.synthetic import Toy, dixon, make_toy, series

SETTINGS = load_settings()


def toy() -> Toy:
    return make_toy(spread=0.05)


def wandering(array: np.ndarray) -> np.ndarray:
    """The toy's cylinder of a body, made to differ from slice to slice as a body does."""
    moved = array.copy()
    for k in range(array.shape[2]):
        moved[:, :, k] = np.roll(array[:, :, k], k, axis=0)
    return moved


def images(change) -> tuple[Series, ...]:
    t = toy()
    found = []
    for kind, array in zip((SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT), dixon(t), strict=True):
        found.append(series(kind.value, kind, Volume(change(kind, wandering(array)).astype(np.float32), t.grid.affine)))
    return tuple(found)


def measure(*found: Series):
    plan = plan_study(Study("0" * 12, found), SETTINGS)
    return plan.sides[Side.RIGHT].elsewhere[0].measure(SETTINGS)


def slices_without_values(fat) -> list[int]:
    return np.flatnonzero(np.isnan(fat.volume.array).all(axis=(0, 1))).tolist()


def test_sound_images_are_measured_everywhere() -> None:
    fat = measure(*images(lambda _, array: array))
    assert slices_without_values(fat) == []
    assert not {n.reason for n in fat.notes} & {Reason.EMPTY_SLICES, Reason.SLICES_MOVED}


def test_slices_that_changed_places_on_a_map() -> None:
    values = wandering(100 * np.nan_to_num(toy().fat) + np.abs(np.random.default_rng(5).normal(3, 1, toy().fat.shape)))
    values[:, :, [12, 13]] = values[:, :, [13, 12]]
    fat = measure(series("ff", SeriesKind.FAT_FRACTION, Volume(values.astype(np.float32), toy().grid.affine)))
    assert slices_without_values(fat) == [12, 13]
    (note,) = [n for n in fat.notes if n.reason is Reason.SLICES_MOVED]
    assert "13, 14 of 30 of series ff" in note.detail


def test_slices_that_changed_places_on_one_image() -> None:
    def change(kind: SeriesKind, array: np.ndarray) -> np.ndarray:
        if kind is SeriesKind.DIXON_FAT:
            array[:, :, [12, 13]] = array[:, :, [13, 12]]
        return array

    fat = measure(*images(change))
    assert slices_without_values(fat) == [12, 13]
    (note,) = [n for n in fat.notes if n.reason is Reason.SLICES_MOVED]
    assert "(13, 14)" in note.detail  # the partner tells it first


@pytest.mark.parametrize("how", ["repeated", "empty"])
def test_repeated_or_empty_on_both_images(how: str) -> None:
    def change(_: SeriesKind, array: np.ndarray) -> np.ndarray:
        array[:, :, 15] = array[:, :, 14] if how == "repeated" else 0
        return array

    fat = measure(*images(change))
    assert 15 in slices_without_values(fat)
    assert Reason.EMPTY_SLICES in {n.reason for n in fat.notes}


def test_a_map_with_empty_slices_is_not_zero_fat() -> None:
    t = toy()
    values = wandering(np.nan_to_num(t.fat)) * 100 + 0.5
    values[:, :, 10:13] = 0
    fat = measure(series("ff", SeriesKind.FAT_FRACTION, Volume(values.astype(np.float32), t.grid.affine)))
    assert slices_without_values(fat) == [10, 11, 12]
    assert Reason.EMPTY_SLICES in {n.reason for n in fat.notes}


def test_mostly_empty_is_refused() -> None:
    def change(_: SeriesKind, array: np.ndarray) -> np.ndarray:
        array[:, :, 3:27] = 0
        return array

    with pytest.raises(RefusedInput) as caught:
        measure(*images(change))
    assert caught.value.reason is Reason.EMPTY_SLICES


def lopsided(array: np.ndarray) -> np.ndarray:
    """One hip and a bit: a picture that differs from its mirror image."""
    return array[:90]


@pytest.mark.parametrize(
    ("how", "reason"),
    [("mirrored", Reason.TURNED_OVER), ("noise", Reason.EMPTY_SLICES), ("cut", Reason.EMPTY_SLICES), ("other", Reason.SLICES_MOVED)],
)
def test_a_slice_that_its_neighbours_do_not_know(how: str, reason: Reason) -> None:
    values = lopsided(wandering(100 * np.nan_to_num(toy().fat)) + np.abs(np.random.default_rng(5).normal(3, 1, toy().fat.shape)))
    sound = measure(series("ff", SeriesKind.FAT_FRACTION, Volume(values.astype(np.float32), toy().grid.affine)))
    assert slices_without_values(sound) == []
    odd = values[:, :, 14].copy()
    if how == "mirrored":
        odd = odd[::-1]
    elif how == "noise":
        odd = np.random.default_rng(1).permutation(odd.ravel()).reshape(odd.shape)
    elif how == "cut":
        odd[:, :52] = 0
    else:
        x, y = np.indices(odd.shape)
        odd = 90.0 * ((x // 9 + y // 7) % 2) + 2
    values[:, :, 14] = odd
    fat = measure(series("ff", SeriesKind.FAT_FRACTION, Volume(values.astype(np.float32), toy().grid.affine)))
    assert slices_without_values(fat) == [14]
    (note,) = [n for n in fat.notes if n.reason is reason]
    assert "slice 15 of 30 of series ff" in note.detail


def test_blocks_of_slices_in_another_order() -> None:
    def change(_: SeriesKind, array: np.ndarray) -> np.ndarray:
        moved = array.copy()
        moved[:, :, 4:8], moved[:, :, 20:24] = array[:, :, 20:24], array[:, :, 4:8]
        return moved

    fat = measure(*images(change))
    assert slices_without_values(fat) == [4, 5, 6, 7, 20, 21, 22, 23]
    assert Reason.SLICES_MOVED in {n.reason for n in fat.notes}


def test_slices_of_one_image_at_another_scale() -> None:
    def change(kind: SeriesKind, array: np.ndarray) -> np.ndarray:
        if kind is SeriesKind.DIXON_FAT:
            array[:, :, 5:12] *= 2
        return array

    fat = measure(*images(change))
    assert slices_without_values(fat) == list(range(5, 12))
    (note,) = [n for n in fat.notes if n.reason is Reason.UNEQUAL_SCALING]
    assert "7 of 30 slices (6, 7, 8, 9, 10, 11, 12)" in note.detail


def t1_signal() -> np.ndarray:
    t = toy()
    signal = 300 * (0.3 + 0.7 * wandering(np.nan_to_num(t.fat))) * wandering(t.body.astype(float))
    return np.abs(signal + np.random.default_rng(4).normal(0, 4, signal.shape)).astype(np.float32)


@pytest.mark.parametrize("times", [2.0, 0.5])
def test_a_lone_image_with_slices_at_another_scale_is_refused(times: float) -> None:
    signal = t1_signal()
    signal[:, :, 10:16] *= times
    with pytest.raises(RefusedInput) as caught:
        measure(series("t1", SeriesKind.T1, Volume(signal, toy().grid.affine)))
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS
    assert "slices 11, 12, 13, 14, 15, 16 of 30 of series t1" in caught.value.detail


def test_the_dark_end_of_a_slab_is_measured() -> None:
    signal = t1_signal()
    signal[:, :, -1] *= 0.5
    assert measure(series("t1", SeriesKind.T1, Volume(signal, toy().grid.affine))).method is Method.T1


def test_an_empty_slice_of_a_t1_is_said_though_the_method_finds_no_value_there() -> None:
    signal = t1_signal()
    signal[:, :, 15] = 0
    fat = measure(series("t1", SeriesKind.T1, Volume(signal, toy().grid.affine)))
    (note,) = [n for n in fat.notes if n.reason is Reason.EMPTY_SLICES]
    assert "slice 16 of 30 of series t1: empty between others" in note.detail


def test_the_half_of_a_slice_that_the_pair_measures_is_kept() -> None:
    def change(kind: SeriesKind, array: np.ndarray) -> np.ndarray:
        if kind is SeriesKind.DIXON_FAT:
            array[:, :52, 15] = 0
        return array

    fat = measure(*images(change))
    assert slices_without_values(fat) == []
    assert np.isnan(fat.volume.array[:, 20:50, 15]).all()
    assert [n.reason for n in fat.notes].count(Reason.EMPTY_SLICES) == 1
