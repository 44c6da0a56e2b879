"""A study with metal from end to end: series per side, abstention, masks, the user's word."""

from __future__ import annotations

import json
import math

import jsonschema
import numpy as np
import pytest

from gluteal_grade.config import Settings, load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition, ImplantHint, Series, Study
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.result.models import MuscleStatus, StudyResult, StudyStatus, json_schema
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import Muscle, Region, SeriesKind, Side
from tests.metal.scenes import away, dixon_images, joint, t1_image, toy, volume, with_metal
from tests.synthetic import series

K = SeriesKind
SETTINGS = load_settings()
WIDE = Acquisition(bandwidth_hz_per_pixel=600, field_strength_t=1.5)


class Given:
    """The toy's labels, on the first series asked for."""

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        return Segmentation(toy().labels, preferred[0], "test", "0" * 64)


def settings(sides: str = "auto", **changes: object) -> Settings:
    return SETTINGS.model_copy(update={"metal": SETTINGS.metal.model_copy(update={"sides": sides, **changes})})


def dixon_pair(water: np.ndarray, fat: np.ndarray) -> tuple[Series, Series]:
    return series("s1.water", K.DIXON_WATER, volume(water)), series("s1.fat", K.DIXON_FAT, volume(fat))


def t1_series(image: np.ndarray, **facts: object) -> Series:
    return series("s2", K.T1, volume(image), **{"acquisition": WIDE, **facts})


def metal_pair(radius_mm: float = 30.0) -> tuple[Series, Series]:
    """Dixon loses signal around the right hip."""
    return dixon_pair(*(with_metal(i, radius_mm, rim=0) for i in dixon_images()))


def both_contrasts(**facts: object) -> Study:
    return Study("0" * 12, (*metal_pair(), t1_series(with_metal(t1_image(), 18.0), **facts)))


def grade(study: Study, given: Settings = SETTINGS, exclude: Volume | None = None) -> Graded:
    return grade_study(study, given, Given(), exclude=exclude)


def of(result: StudyResult, side: Side, muscle: Muscle = Muscle.GLUTEUS_MAXIMUS):
    return next(m for m in result.muscles if (m.side, m.muscle, m.region) == (side, muscle, Region.WHOLE))


@pytest.fixture(scope="module")
def two_methods() -> Graded:
    return grade(both_contrasts())


def test_each_side_by_its_own_series(two_methods: Graded) -> None:
    result = two_methods.result
    assert {(m.side, m.method) for m in result.muscles} == {(Side.RIGHT, "t1"), (Side.LEFT, "dixon")}
    assert result.fat is not None
    assert (result.fat.method, result.fat.sides) == ("dixon", (Side.LEFT,))
    assert result.fat_beside_metal is not None
    assert (result.fat_beside_metal.method, result.fat_beside_metal.sides) == ("t1", (Side.RIGHT,))
    assert {s.id: s.used for s in result.series} == {"s1.water": True, "s1.fat": True, "s2": True}
    metal = {m.side: m for m in result.metal}
    assert metal[Side.RIGHT].present
    assert metal[Side.RIGHT].zone_ml > 20
    assert not metal[Side.LEFT].present
    assert math.isnan(metal[Side.LEFT].zone_ml)
    assert {Reason.METAL, Reason.DIFFERENT_METHODS} <= {n.reason for n in result.notes}


def test_comparison_across_methods_is_shown_with_its_caution(two_methods: Graded) -> None:
    maximus = next(a for a in two_methods.result.asymmetry if (a.muscle, a.region) == (Muscle.GLUTEUS_MAXIMUS, Region.WHOLE))
    assert maximus.reason is Reason.DIFFERENT_METHODS
    assert not math.isnan(maximus.fat_fraction_difference_points)
    assert len(two_methods.result.asymmetry) >= 3


def test_the_images_show_both_maps_and_what_was_left_out(two_methods: Graded) -> None:
    images = two_methods.images
    assert images is not None
    assert images.excluded is not None
    assert images.excluded.array[away(joint()) < 15].all()
    assert not images.excluded.array[away(joint(Side.LEFT)) < 30].any()
    assert np.isnan(images.fat_fraction.array[images.excluded.array]).all()
    for side in Side:
        mine = (toy().labels.array // 100 == (1 if side is Side.RIGHT else 2)) & np.isfinite(images.fat_fraction.array)
        assert images.fat_fraction.array[mine].mean() == pytest.approx(0.2, abs=0.03)


def test_the_result_survives_json_and_fits_its_schema(two_methods: Graded) -> None:
    text = two_methods.result.to_json()
    assert StudyResult.model_validate_json(text).to_json() == text
    jsonschema.validate(json.loads(text), json.loads(json_schema()))


def test_without_a_series_made_for_metal_dixon_is_measured_with_a_caution() -> None:
    result = grade(Study("0" * 12, metal_pair(48.0))).result
    assert {m.method for m in result.muscles} == {"dixon"}
    assert Reason.METAL_UNVALIDATED in {n.reason for n in result.notes}
    minimus = of(result, Side.RIGHT, Muscle.GLUTEUS_MINIMUS)
    assert minimus.status is MuscleStatus.NOT_GRADABLE
    assert minimus.reason is Reason.BESIDE_METAL
    assert minimus.evaluable_share < SETTINGS.measure.min_evaluable_share
    assert all(g.grade is None for g in minimus.grades)
    assert of(result, Side.LEFT, Muscle.GLUTEUS_MINIMUS).status is MuscleStatus.GRADED


def test_a_plain_t1_that_is_not_measured_shows_metal_that_dixon_hides() -> None:
    narrow = Acquisition(bandwidth_hz_per_pixel=200, field_strength_t=1.5)
    clean = dixon_pair(*dixon_images())
    alone = grade(Study("0" * 12, clean)).result
    assert Reason.METAL not in {n.reason for n in alone.notes}
    beside = grade(Study("0" * 12, (*clean, t1_series(with_metal(t1_image(), 22.0), acquisition=narrow)))).result
    assert {Reason.METAL, Reason.METAL_UNVALIDATED} <= {n.reason for n in beside.notes}
    assert of(beside, Side.RIGHT).method == of(beside, Side.LEFT).method == "dixon"
    assert of(beside, Side.RIGHT).evaluable_share < of(beside, Side.LEFT).evaluable_share


@pytest.mark.long
def test_a_study_without_metal_stays_on_dixon_whatever_the_headers_say() -> None:
    study = Study("0" * 12, (*dixon_pair(*dixon_images()), t1_series(t1_image(), mars=True)), implant=ImplantHint(True))
    result = grade(study).result
    assert {m.method for m in result.muscles} == {"dixon"}
    assert not any(m.present for m in result.metal)
    assert Reason.METAL_NOT_SEEN in {n.reason for n in result.notes}
    assert grade(study).images.excluded is None  # type: ignore[union-attr]


def test_the_users_word_beats_header_and_picture() -> None:
    study = both_contrasts(mars=True)
    none = grade(study, settings("none")).result
    assert {m.method for m in none.muscles} == {"dixon"}
    assert not any(m.present for m in none.metal)
    left = {m.side: m for m in grade(study, settings("left")).result.metal}
    assert left[Side.LEFT].sources == ("user",)
    assert left[Side.LEFT].zone_ml > 0
    assert not left[Side.RIGHT].present


def test_a_bare_fat_fraction_map_shows_no_metal_but_obeys_the_user() -> None:
    fraction = np.nan_to_num(toy().fat).astype(np.float32)
    study = Study("0" * 12, (series("ff", K.FAT_FRACTION, volume(fraction)),))
    result = grade(study).result
    assert not any(m.present for m in result.metal)
    named = Study(study.id, study.series, implant=ImplantHint(True, (Side.LEFT,)))
    left = {m.side: m for m in grade(named).result.metal}[Side.LEFT]
    assert left.present, "the description names a side that no picture could show"
    assert left.sources == ("header",)
    assert left.zone_ml > 50
    right = {m.side: m for m in grade(study, settings("right")).result.metal}[Side.RIGHT]
    assert right.zone_reach_mm == SETTINGS.metal.unseen_radius_mm.gradient_echo


def test_both_hips_leave_no_healthy_side() -> None:
    image = with_metal(with_metal(t1_image(), 18.0), 18.0, where=joint(Side.LEFT))
    result = grade(Study("0" * 12, (t1_series(image),))).result
    assert all(m.present for m in result.metal)
    assert Reason.NO_HEALTHY_SIDE in {n.reason for n in result.notes}
    assert result.asymmetry


def test_a_mask_is_not_measured_and_can_replace_the_zone() -> None:
    mask = volume(toy().labels.array // 10 == 22)
    mask = mask.with_array(mask.array.astype(bool))
    result = grade(both_contrasts(), exclude=mask).result
    medius = of(result, Side.LEFT, Muscle.GLUTEUS_MEDIUS)
    assert (medius.status, medius.reason) == (MuscleStatus.NOT_GRADABLE, Reason.EXCLUDED_BY_MASK)
    assert next(m for m in result.metal if m.side is Side.RIGHT).zone_ml > 0
    alone = grade(both_contrasts(), settings(own_zone=False), mask)
    assert next(m for m in alone.result.metal if m.side is Side.RIGHT).zone_ml == 0
    assert alone.images is not None
    assert alone.images.excluded is not None
    assert np.array_equal(alone.images.excluded.array, mask.array)


def test_an_all_metal_hip_is_not_gradable_and_says_why() -> None:
    """One hip in view, and nothing of it beyond the artifact."""
    labels = toy().labels
    right = labels.with_array(np.where(labels.array < 200, labels.array, 0))

    class OneHip:
        def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
            return Segmentation(right, preferred[0], "test", "0" * 64)

    image = t1_image()
    image[(right.array > 0) | (away(joint()) < 60)] = 5
    study = Study("0" * 12, (t1_series(image, mars=True),))
    result = grade_study(study, SETTINGS, OneHip()).result
    assert result.status is StudyStatus.REFUSED
    assert result.refusal is not None
    assert result.refusal.reason in (Reason.BESIDE_METAL, Reason.NO_FAT_VALUES, Reason.TOO_LITTLE_EVALUABLE)
    assert result.refusal.advice
    assert all(m.grade("quartile") is None for m in result.muscles)
