"""Dixon fat fraction against exact truth on the toy pelvis."""

from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.fat.weighting import weighting_of
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition
from gluteal_grade.vocabulary import SeriesKind
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


def test_a_philips_pair_without_scanner_scaling_is_brought_to_one_scale_by_its_noise() -> None:
    toy = make_toy(0.3)
    water, fat = philips(toy, False, False)
    alike = from_water_fat(water, fat, FAT)
    assert Reason.UNEQUAL_SCALING not in {n.reason for n in alike.notes}
    half = from_water_fat(water, replace(fat, load=lambda: toy.volume(0.5 * fat.load().array)), FAT)
    assert Reason.UNEQUAL_SCALING in {n.reason for n in half.notes}
    assert np.nanmean(np.abs(half.volume.array - alike.volume.array)) < 0.01


@pytest.mark.parametrize(("slopes", "said"), [((2.0, 2.1), True), ((2.0, 2.0), False), ((None, 2.1), False)])
def test_slopes_that_differ_prove_no_scale_where_the_maker_was_taken_away(slopes: tuple[float | None, float], said: bool) -> None:
    """As Philips' images come out of an anonymiser: the fat image is put on the water image's scale by its noise, and it is said."""
    toy = make_toy(0.3)
    alike, facts = philips(toy, True, True), [Acquisition(display_slope=slope, rescaled=slope is not None) for slope in slopes]
    water, fat = (replace(one, acquisition=fact) for one, fact in zip(alike, facts, strict=True))
    bright = replace(fat, load=lambda: toy.volume(1.4 * fat.load().array))
    found = from_water_fat(water, bright, FAT)
    assert (Reason.UNEQUAL_SCALING in {n.reason for n in found.notes}) is said
    if said:
        assert np.nanmean(np.abs(found.volume.array - from_water_fat(*alike, FAT).volume.array)) < 0.01


def test_a_pair_whose_noise_contradicts_one_scale_is_refused() -> None:
    toy = make_toy()
    water, fat = dixon_study(toy, snr=20).series
    with pytest.raises(RefusedInput) as caught:
        from_water_fat(water, replace(fat, load=lambda: toy.volume(0.5 * fat.load().array)), FAT)
    assert caught.value.reason is Reason.UNEQUAL_SCALING


def test_without_air_a_philips_pair_without_scanner_scaling_is_noted() -> None:
    toy = make_toy()
    pair = [replace(s, load=lambda s=s: toy.volume(np.where(toy.body, s.load().array, 0))) for s in philips(toy, False, False)]
    assert Reason.UNEQUAL_SCALING in {n.reason for n in from_water_fat(*pair, FAT).notes}


@pytest.mark.parametrize(("flip", "weight"), [(2.0, 1.05), (10.0, 2.0)])
def test_t1_weighting_is_taken_off_and_said(flip: float, weight: float) -> None:
    """Fat made `weight` times too bright by the Ernst formula reads its proton fraction again."""
    facts = Acquisition(te_ms=1.2, tr_ms=14.0, flip_angle_deg=flip, field_strength_t=3.0, scanning_sequence=("GR",))
    expected = weighting_of(facts, FAT.dixon)
    assert expected is not None
    assert expected.t1 == pytest.approx(weight, abs=0.45 * (weight - 1) + 0.02)
    toy = make_toy(0.3)
    images = [a * w for a, w in zip(dixon(toy, snr=60), (1.0, expected.t1), strict=True)]
    kinds = SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT
    # equal noise: scaling the fat image scales its noise too, which a scanner would not do
    wide = FAT.model_copy(update={"dixon": FAT.dixon.model_copy(update={"max_scale_difference": 9.0})})
    pair = [series(k.value, k, toy.volume(i), acquisition=facts) for k, i in zip(kinds, images, strict=True)]
    fat = from_water_fat(*pair, wide)
    glutei = toy.labels.array > 0
    assert np.mean(fat.volume.array[glutei]) == pytest.approx(np.mean(toy.fat[glutei]), abs=0.006)
    assert any(n.reason is Reason.WEIGHTING and f"{expected.t1:.2f} times" in n.detail for n in fat.notes)
    plain = from_water_fat(*pair, wide.model_copy(update={"dixon": wide.dixon.model_copy(update={"correct_t1": False})}))
    assert np.mean(plain.volume.array[glutei]) > np.mean(fat.volume.array[glutei])
    assert plain.spread.gain_sd > fat.spread.gain_sd


def test_after_a_contrast_agent_nobody_knows_the_weighting() -> None:
    toy = make_toy(0.12)
    plain = Acquisition(tr_ms=14.0, te_ms=1.15, flip_angle_deg=10.0, field_strength_t=3.0, scanning_sequence=("GR",))
    maps = []
    for agent in (False, True):
        pair = [replace(s, acquisition=replace(plain, contrast_agent=agent)) for s in dixon_study(toy).series]
        maps.append(from_water_fat(*pair, FAT))
    words = [next(n.detail for n in m.notes if n.reason is Reason.WEIGHTING) for m in maps]
    assert "contrast agent" not in words[0]
    assert "contrast agent was given" in words[1]
    assert maps[1].spread.gain_sd > 1.5 * maps[0].spread.gain_sd
    assert np.array_equal(maps[0].volume.array, maps[1].volume.array, equal_nan=True)


@pytest.mark.parametrize(
    "wrong", [{"tr_ms": 9000.0}, {"tr_ms": None}, {"flip_angle_deg": None}, {"field_strength_t": 7.0}, {"field_strength_t": 15000.0}]
)
def test_a_weighting_that_no_header_tells_has_a_code_of_its_own(wrong: dict) -> None:
    """A reader of codes sees that fat was not corrected; the interval is wider for it."""
    sound = Acquisition(tr_ms=14.0, te_ms=1.15, flip_angle_deg=10.0, field_strength_t=3.0, scanning_sequence=("GR",))
    told, silent = (
        from_water_fat(*[replace(s, acquisition=facts) for s in dixon_study(make_toy(0.12)).series], FAT)
        for facts in (sound, replace(sound, **wrong))
    )
    assert Reason.WEIGHTING in {n.reason for n in told.notes}
    assert {Reason.WEIGHTING, Reason.WEIGHTING_UNKNOWN} & {n.reason for n in silent.notes} == {Reason.WEIGHTING_UNKNOWN}
    assert silent.spread.gain_sd == FAT.dixon.unknown_gain_sd


def half_body() -> list:
    """A pair of which nothing is alike right and left, front and back, or up and down."""
    toy = make_toy(0.3, shape=(60, 70, 16), spacing=(3.0, 3.0, 8.0))
    return [image[6:, :55, :12] for image in dixon(toy)]


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1)])
def test_one_image_turned_over_is_refused_with_the_turn(axes: tuple[int, ...]) -> None:
    images = half_body()
    for turned in range(2):
        pair = [np.flip(image, axes if n == turned else ()) for n, image in enumerate(images)]
        volumes = [Volume(np.ascontiguousarray(image, np.float32), np.diag([3.0, 3.0, 8.0, 1.0])) for image in pair]
        with pytest.raises(RefusedInput) as caught:
            from_water_fat(series("w", SeriesKind.DIXON_WATER, volumes[0]), series("f", SeriesKind.DIXON_FAT, volumes[1]), FAT)
        assert caught.value.reason in (Reason.TURNED_OVER, Reason.WATER_FAT_SWAP)


def test_one_slice_turned_over_is_left_out() -> None:
    water, fat = half_body()
    fat = fat.copy()
    fat[:, :, 6] = fat[::-1, :, 6]
    volumes = [Volume(np.asarray(image, np.float32), np.diag([3.0, 3.0, 8.0, 1.0])) for image in (water, fat)]
    found = from_water_fat(series("w", SeriesKind.DIXON_WATER, volumes[0]), series("f", SeriesKind.DIXON_FAT, volumes[1]), FAT)
    assert Reason.TURNED_OVER in {n.reason for n in found.notes}
    assert np.isnan(found.volume.array[:, :, 6]).all()
    assert np.isfinite(found.volume.array[:, :, 5]).any()


@pytest.mark.parametrize("silent", [{"tr_ms": None}, {"flip_angle_deg": None, "scanning_sequence": ()}, {"field_strength_t": 0.0}])
def test_what_one_header_leaves_out_its_partner_tells(silent: dict[str, object]) -> None:
    facts = Acquisition(te_ms=1.2, tr_ms=14.0, flip_angle_deg=10.0, field_strength_t=3.0, scanning_sequence=("GR",))
    water, fat = (replace(s, acquisition=facts) for s in dixon_study(make_toy(0.3)).series)
    whole = from_water_fat(water, fat, FAT)
    partly = from_water_fat(replace(water, acquisition=replace(facts, **silent)), fat, FAT)  # type: ignore[arg-type]
    assert np.array_equal(partly.volume.array, whole.volume.array, equal_nan=True)
    assert [n.detail for n in partly.notes] == [n.detail for n in whole.notes]
