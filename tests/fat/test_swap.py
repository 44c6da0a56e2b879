"""Exchanged water and fat: put right, left out or refused; fat muscles, thin fat and cropped views are no swap."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.ffmap import from_map
from gluteal_grade.fat.swap import find_swaps
from gluteal_grade.geometry import Volume
from gluteal_grade.measurement.measure import measure
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.phantom.swapped import Swap, SwapKind, swapped_voxels, with_swap
from tests.synthetic import Toy, dixon, series
from tests.synthetic import make_toy as make_large_toy

SETTINGS = load_settings()
FAT = SETTINGS.fat


def make_toy(fraction: float = 0.12, **more: float) -> Toy:
    return make_large_toy(fraction, shape=(96, 70, 24), spacing=(3.75, 3.75, 6.0), **more)


LEG, SLAB = Swap(SwapKind.LEG, side=-1), Swap(SwapKind.SLAB, between_mm=(-20, 30))


def measured(toy: Toy, swap: Swap | None = None, snr: float = 25, seed: int = 2, box: tuple[slice, ...] = (np.s_[:],) * 3) -> FatMap:
    water, fat = dixon(toy, snr=snr, seed=seed)
    if swap is not None:
        water, fat = with_swap(water, fat, swapped_voxels(swap, toy.grid))
    affine = toy.grid.affine.copy()
    affine[:3, 3] = toy.grid.to_world([s.start or 0 for s in box])
    cut = [Volume(np.ascontiguousarray(i[box], np.float32), affine) for i in (water, fat)]
    kinds = SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT
    return from_water_fat(*(series(k.value, k, v) for k, v in zip(kinds, cut, strict=True)), FAT)


def reasons(fat: FatMap) -> set[Reason]:
    return {n.reason for n in fat.notes}


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("snr", [8, 40])
def test_a_whole_swap_is_put_right_and_said(fraction: float, snr: float) -> None:
    toy = make_toy(fraction)
    fat = measured(toy, Swap(SwapKind.WHOLE), snr)
    assert Reason.WATER_FAT_SWAP in reasons(fat)
    assert [s.id for s in fat.series] == ["dixon_fat", "dixon_water"]
    glutei = toy.labels.array > 0
    assert np.nanmean(fat.volume.array[glutei]) == pytest.approx(np.mean(toy.fat[glutei]), abs=0.02)


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("swap", [LEG, SLAB, Swap(SwapKind.LEG_SLAB, side=1, between_mm=(0, 60))])
def test_exchanged_parts_are_left_out_and_the_rest_is_right(swap: Swap, fraction: float) -> None:
    toy = make_toy(fraction)
    fat = measured(toy, swap)
    values, glutei = fat.volume.array, toy.labels.array > 0
    where = swapped_voxels(swap, toy.grid) & glutei
    assert not np.isfinite(values[where]).any()
    left = glutei & np.isfinite(values)
    assert left.sum() > 0.15 * glutei.sum()
    assert np.mean(values[left]) == pytest.approx(np.mean(toy.fat[left]), abs=0.02)
    assert Reason.WATER_FAT_SWAP in reasons(fat)


def test_a_muscle_of_an_exchanged_leg_says_why_it_is_not_graded() -> None:
    toy = make_toy()
    rows = measure(toy.labels, measured(toy, LEG), 2, SETTINGS.measure)
    for row in rows:
        left = row.part.side == "left"
        assert (row.reason is Reason.WATER_FAT_SWAP) == left
        assert np.isnan(row.fat_fraction) == left


@pytest.mark.parametrize("fraction", [0.03, 0.5, 0.92])
@pytest.mark.parametrize("snr", [8, 40])
def test_true_fat_is_no_swap(fraction: float, snr: float) -> None:
    assert not reasons(measured(make_toy(fraction), snr=snr)) & {Reason.WATER_FAT_SWAP, Reason.SWAP_UNCHECKED}


def test_thin_fat_under_the_skin_is_no_swap() -> None:
    toy = make_toy(0.9)
    x, y, _ = np.moveaxis(toy.grid.to_world(np.moveaxis(np.indices(toy.grid.shape), 0, -1)), -1, 0)
    lean = toy.body & (np.hypot(x / 156, y / 111) < 1) & (toy.labels.array == 0)
    toy.fat[lean] = 0.05
    assert Reason.WATER_FAT_SWAP not in reasons(measured(toy))


INSIDE = np.s_[60:84, 20:50, 3:21]  # of one hip, no skin


def test_without_skin_in_view_nothing_is_claimed_but_said() -> None:
    toy = make_toy(0.9)
    fat = measured(toy, box=INSIDE)
    assert Reason.SWAP_UNCHECKED in reasons(fat)
    assert Reason.WATER_FAT_SWAP not in reasons(fat)


def test_contradiction_without_skin_is_refused() -> None:
    with pytest.raises(RefusedInput) as caught:
        measured(make_toy(0.2, spread=0.0), SLAB, box=INSIDE)
    assert caught.value.reason is Reason.WATER_FAT_SWAP


def test_a_swapped_vendor_map_is_put_right() -> None:
    toy = make_toy(0.2)
    stored = series("ff", SeriesKind.FAT_FRACTION, toy.volume(100 * np.where(toy.body, 1 - np.nan_to_num(toy.fat), 0)))
    fat = from_map(stored, series("in", SeriesKind.DIXON_IN_PHASE, toy.volume(sum(dixon(toy)))), FAT)
    glutei = toy.labels.array > 0
    assert np.mean(fat.volume.array[glutei]) == pytest.approx(np.mean(toy.fat[glutei]), abs=1e-4)
    assert Reason.WATER_FAT_SWAP in reasons(fat)


def layered() -> Toy:
    """A pelvis in coronal slices of 8 mm with thin layers of fat and muscle behind each other at one hip, a little tilted."""
    toy = make_large_toy(shape=(120, 29, 80), spacing=(3.0, 8.0, 3.0))
    i, j, k = np.indices(toy.grid.shape)
    x, y, z = np.moveaxis(toy.grid.to_world(np.stack([i, j, k], axis=-1)), -1, 0)
    here = (np.abs(x - 70) < 40) & (np.abs(z) < 40) & (y > -48) & (y < -16) & toy.body
    toy.fat[here] = np.where((j + i // 4) % 2 == 0, 0.95, 0.03)[here]
    return toy


def test_layers_behind_each_other_are_no_exchanged_region_of_a_coronal_stack() -> None:
    toy = layered()
    found = find_swaps(toy.volume(toy.fat), toy.body, 1, FAT.swap)
    assert not found.excluded.any()
    assert found.notes == ()


@pytest.mark.parametrize("whole", [False, True])
def test_a_small_box_is_not_turned_round_whatever_its_skin_reads(whole: bool) -> None:
    toy = make_toy(0.12)
    box = np.s_[4:34, 20:50, 4:20]  # skin and muscle of one side, 11 by 11 cm
    fat = measured(toy, Swap(SwapKind.WHOLE) if whole else None, box=box)
    assert [s.id for s in fat.series] == ["dixon_water", "dixon_fat"]
    assert Reason.SWAP_UNCHECKED in reasons(fat)
