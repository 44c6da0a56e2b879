"""T1 fat fraction: anchors, bias, refusals; T2 and PD as makeshifts."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.bias import tissue_field
from gluteal_grade.fat.pd import from_pd
from gluteal_grade.fat.t1 import from_t1
from gluteal_grade.fat.t2 import from_t2
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition
from gluteal_grade.vocabulary import Method, Muscle, SeriesKind, Side
from tests.synthetic import Toy, make_toy, series, t1

FAT = load_settings().fat
FRACTIONS = {(Muscle.GLUTEUS_MAXIMUS, Side.RIGHT): 0.08, (Muscle.GLUTEUS_MAXIMUS, Side.LEFT): 0.35, (Muscle.GLUTEUS_MEDIUS, Side.LEFT): 0.6}

SMALL = {"shape": (96, 70, 24), "spacing": (3.75, 3.75, 6.0)}


def errors(toy: Toy, array: np.ndarray) -> dict:
    fat = from_t1(series("t1", SeriesKind.T1, toy.volume(array)), FAT).volume.array
    values = np.unique(toy.labels.array[toy.labels.array > 0])
    return {int(v): float(np.nanmean(fat[toy.labels.array == v]) - toy.fat[toy.labels.array == v].mean()) for v in values}


@pytest.mark.parametrize("bias", [0.0, 0.4, 0.7])
def test_within_three_points(bias: float) -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    worst = max(map(abs, errors(toy, t1(toy, bias=bias)).values()))
    assert worst < 0.03


def test_pooled_anchors_stand_when_every_gluteus_is_fat() -> None:
    """grading.md: anchors from the glutei alone would call this patient normal."""
    toy = make_toy(0.8, **SMALL)
    assert max(map(abs, errors(toy, t1(toy)).values())) < 0.04


def test_same_input_same_numbers() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
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
    toy = make_toy(**SMALL)
    assert refusal(toy, t1(toy), acquisition=Acquisition(contrast_agent=True)) is Reason.CONTRAST_AGENT


def test_fat_suppressed_in_disguise_is_refused() -> None:
    toy = make_toy(**SMALL)
    suppressed = np.where(toy.body, 1000 * (1 - 0.85 * np.nan_to_num(toy.fat)), 0) + 20 * np.random.default_rng(0).random(toy.grid.shape)
    assert refusal(toy, suppressed) in (Reason.NO_FAT_REFERENCE, Reason.NO_LEAN_REFERENCE)


def test_a_picture_without_skin_is_refused() -> None:
    toy = make_toy()
    inner = Volume(t1(toy), toy.grid.affine).cropped((45, 35, 2), (100, 70, 28))
    with pytest.raises(RefusedInput) as caught:
        from_t1(series("t1", SeriesKind.T1, inner), FAT)
    assert caught.value.reason is Reason.NO_FAT_REFERENCE


def test_each_side_has_its_own_anchors_where_they_are_good() -> None:
    """A step in gain at the middle, as from coil elements that were combined badly: no smooth field takes it away."""
    toy = make_toy(FRACTIONS, **SMALL)
    array = t1(toy)
    array[: array.shape[0] // 2] *= 1.25
    fat = from_t1(series("t1", SeriesKind.T1, toy.volume(array)), FAT)
    assert fat.facts["anchors_by_side"] == 2
    assert fat.facts["s_fat_left"] != fat.facts["s_fat_right"]
    assert 0.003 < fat.facts["anchor_side_difference"] < 0.15
    assert Reason.ANCHORS_POOLED not in {n.reason for n in fat.notes}


def test_a_side_without_fat_under_the_skin_takes_the_whole_bodys_anchors() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    array = t1(toy)
    thin = toy.body & (toy.fat == 1.0)
    thin[array.shape[0] // 2 :] = False
    array[thin] *= 0.33  # the left side has no fat to see
    fat = from_t1(series("t1", SeriesKind.T1, toy.volume(array)), FAT)
    notes = [n.detail for n in fat.notes if n.reason is Reason.ANCHORS_POOLED]
    assert len(notes) == 1
    assert notes[0].startswith("left side")
    assert "s_fat_right" in fat.facts
    assert "s_fat_left" not in fat.facts


def test_one_hip_in_view_is_not_divided() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    half = Volume(t1(toy), toy.grid.affine).cropped((48, 0, 0), toy.grid.shape)
    fat = from_t1(series("t1", SeriesKind.T1, half), FAT)
    assert fat.facts["anchors_by_side"] == 0
    assert not any(name.startswith("s_fat_") for name in fat.facts)


def test_anchors_state_how_far_they_can_be_trusted() -> None:
    """More noise widens the voxels' SD in step; a rough field that stays behind widens the anchors'."""
    toy = make_toy(FRACTIONS, **SMALL)
    quiet, noisy = (from_t1(series("t1", SeriesKind.T1, toy.volume(t1(toy, snr=snr))), FAT) for snr in (60, 15))
    assert noisy.spread.noise_sd / quiet.spread.noise_sd == pytest.approx(4, rel=0.35)
    waves = 1 + 0.12 * np.sin(np.linspace(0, 9 * np.pi, toy.grid.shape[0]))[:, None, None] * np.ones(toy.grid.shape)
    rough = from_t1(series("t1", SeriesKind.T1, toy.volume(t1(toy, snr=60) * waves)), FAT)
    assert rough.spread.offset_sd > 1.5 * quiet.spread.offset_sd
    assert {"fat_anchor_ml", "lean_anchor_ml", "lean_anchor_share", "lean_anchor_drift"} <= set(rough.facts)


@pytest.mark.parametrize(("way", "method", "muscle_over_fat"), [(from_t2, Method.T2, 0.13), (from_pd, Method.PD, 0.47)])
def test_t2_and_pd_measure_between_their_own_anchors_and_say_so(way, method: Method, muscle_over_fat: float) -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    fat = way(series("x", SeriesKind.OTHER, toy.volume(t1(toy, muscle_over_fat=muscle_over_fat))), FAT)
    assert fat.method is method
    assert fat.notes[0].reason in (Reason.T2_ESTIMATE, Reason.PD_ESTIMATE)
    for value in np.unique(toy.labels.array[toy.labels.array > 0]):
        mine = toy.labels.array == value
        assert np.nanmean(fat.volume.array[mine]) == pytest.approx(toy.fat[mine].mean(), abs=0.04)


def test_one_tissues_field_is_found_among_others() -> None:
    """Every fifth voxel is another tissue, twice as bright: the field of the rest is still right to 2 %."""
    shape, rng = (60, 50, 20), np.random.default_rng(3)
    x, y, _ = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    field = np.exp(0.3 * x - 0.25 * y**2)
    image = Volume((100 * field * np.where(rng.random(shape) < 0.2, 2, 1)).astype(np.float32), np.diag([4.0, 4, 5, 1]))
    found = tissue_field(image, np.ones(shape, bool), 3, FAT.t1.bias)
    assert np.std(np.log(found / field)) < 0.02
