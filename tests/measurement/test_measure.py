"""Numbers per muscle against exact truth on the toy pelvis, and what happens when something is missing."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.measurement.measure import Measurement, measure
from gluteal_grade.vocabulary import GLUTEI, Method, Muscle, Part, Region, Side, label_value
from tests.synthetic import Toy, make_toy

SETTINGS = load_settings().measure
MEDIUS_LEFT = Part(Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.LEFT)


def true_map(toy: Toy, **facts) -> FatMap:
    return FatMap(toy.volume(toy.fat), Method.DIXON, (), toy.volume(np.nan_to_num(toy.fat)), toy.volume(toy.body), **facts)


def by_part(toy: Toy, labels: Volume | None = None, fat: FatMap | None = None) -> dict[Part, Measurement]:
    return {m.part: m for m in measure(labels or toy.labels, fat or true_map(toy), 2, SETTINGS)}


def test_every_number_equals_its_definition() -> None:
    toy = make_toy({(Muscle.GLUTEUS_MEDIUS, Side.LEFT): 0.5}, spread=0.2)
    m = by_part(toy)[MEDIUS_LEFT]
    values = toy.fat[toy.labels.array == label_value(MEDIUS_LEFT)]
    voxel_ml = 2.5 * 2.5 * 5 / 1000
    assert m.volume_ml == pytest.approx(values.size * voxel_ml)
    assert m.fat_fraction == pytest.approx(values.mean(), abs=1e-6)
    assert m.lean_volume_ml == pytest.approx((1 - values).sum() * voxel_ml, rel=1e-5)
    assert (m.fat_fraction_q1, m.fat_fraction_median, m.fat_fraction_q3) == pytest.approx(
        tuple(np.percentile(values, [25, 50, 75])), abs=1e-6
    )
    assert m.fat_area_fraction == pytest.approx((values > 0.5).mean())
    assert (m.evaluable_share, m.coverage.share, m.reason) == (1.0, 1.0, None)


def test_the_profile_adds_up_to_the_muscle() -> None:
    toy = make_toy(0.3)
    m = by_part(toy)[MEDIUS_LEFT]
    areas = np.array([s.area_cm2 for s in m.profile])
    assert areas.sum() * 0.5 == pytest.approx(m.volume_ml)
    assert np.average([s.fat_fraction for s in m.profile], weights=areas) == pytest.approx(m.fat_fraction, abs=1e-6)
    assert np.diff([s.position_mm for s in m.profile]) == pytest.approx(5.0)
    assert m.largest_section is not None
    assert m.largest_section.area_cm2 == areas.max()


def test_profile_positions_are_patient_positions() -> None:
    toy = make_toy()
    section = by_part(toy)[MEDIUS_LEFT].profile[0]
    assert section.position_mm == pytest.approx(toy.grid.to_world([0, 0, section.index])[2])


def test_whole_minimus_is_its_regions_together() -> None:
    toy = make_toy({(Muscle.GLUTEUS_MINIMUS, Side.RIGHT): 0.4})
    parts = by_part(toy)
    whole, anterior, posterior = (
        parts[Part(Muscle.GLUTEUS_MINIMUS, r, Side.RIGHT)] for r in (Region.WHOLE, Region.ANTERIOR, Region.POSTERIOR)
    )
    assert whole.volume_ml == pytest.approx(anterior.volume_ml + posterior.volume_ml)
    weighted = (anterior.fat_fraction * anterior.volume_ml + posterior.fat_fraction * posterior.volume_ml) / whole.volume_ml
    assert whole.fat_fraction == pytest.approx(weighted)


def test_six_muscles_always_in_order() -> None:
    toy = make_toy()
    whole = [(m.part.side, m.part.muscle) for m in measure(toy.labels, true_map(toy), 2, SETTINGS) if m.part.region is Region.WHOLE]
    assert whole == [(side, muscle) for side in (Side.RIGHT, Side.LEFT) for muscle in GLUTEI]


def without(toy: Toy, *values: int) -> Volume:
    return toy.labels.with_array(np.where(np.isin(toy.labels.array, values), 0, toy.labels.array))


def test_missing_muscle_and_missing_side_have_their_own_reasons() -> None:
    toy = make_toy()
    missing = by_part(toy, without(toy, 220))[MEDIUS_LEFT]
    assert missing.reason is Reason.NO_LABEL
    assert np.isnan([missing.volume_ml, missing.fat_fraction, missing.coverage.share]).all()
    no_side = by_part(toy, without(toy, *range(200, 240)))
    assert {m.reason for part, m in no_side.items() if part.side is Side.LEFT} == {Reason.SIDE_NOT_LABELLED}
    assert all(m.reason is None for part, m in no_side.items() if part.side is Side.RIGHT)


@pytest.mark.parametrize(("void_share", "reason"), [(0.3, None), (0.5, Reason.TOO_LITTLE_EVALUABLE), (1.0, Reason.NO_FAT_VALUES)])
def test_abstains_below_the_evaluable_share(void_share: float, reason: Reason | None) -> None:
    toy = make_toy(0.2)
    mask = toy.labels.array == 220
    holes = np.flatnonzero(mask)[: int(void_share * mask.sum())]
    toy.fat.ravel()[holes] = np.nan
    m = by_part(toy)[MEDIUS_LEFT]
    assert m.reason is reason
    assert m.evaluable_share == pytest.approx(1 - void_share, abs=0.01)
    assert m.volume_ml > 0, "the label's volume stands"
    assert np.isnan(m.fat_fraction) == (reason is not None)


def test_folded_maps_are_never_graded() -> None:
    toy = make_toy()
    m = by_part(toy, fat=true_map(toy, folded=True))[MEDIUS_LEFT]
    assert m.reason is Reason.AMBIGUOUS_DOMINANCE
    assert np.isnan(m.fat_fraction)
    assert m.volume_ml > 0


def test_a_speck_is_not_a_muscle() -> None:
    toy = make_toy()
    array = without(toy, 220).array
    array[np.unravel_index(np.flatnonzero(toy.labels.array == 220)[:10], array.shape)] = 220
    assert by_part(toy, toy.labels.with_array(array))[MEDIUS_LEFT].reason is Reason.TOO_FEW_VOXELS


def test_a_cut_muscle_is_measured_in_part() -> None:
    toy = make_toy(0.2)
    top = 18
    labels = toy.labels.cropped((0, 0, 0), (*toy.labels.shape[:2], top))
    fat = true_map(toy)
    cut = FatMap(fat.volume.cropped((0, 0, 0), labels.shape), fat.method, (), fat.image.cropped((0, 0, 0), labels.shape), fat.body)
    m = by_part(toy, labels, cut)[MEDIUS_LEFT]
    assert m.reason is Reason.OUT_OF_VIEW
    assert m.coverage.borders == ("superior",)
    assert m.coverage.share < 1
    assert m.fat_fraction == pytest.approx(0.2, abs=0.01)
