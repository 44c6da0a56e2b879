"""The whole flow in memory: choose, label, measure, grade; refusals as results."""

import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io.study import Acquisition, Study
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.report._grade_table import table_lines
from gluteal_grade.result.models import MuscleStatus, StudyResult, StudyStatus, json_schema
from gluteal_grade.segmentation.bundle import BundleSegmenter
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import GLUTEI, Muscle, Region, SeriesKind, Side
from tests.synthetic import Toy, ct, dixon_study, make_toy, series, t1

SETTINGS = load_settings()
FRACTIONS = {(Muscle.GLUTEUS_MEDIUS, Side.LEFT): 0.35, (Muscle.GLUTEUS_MINIMUS, Side.LEFT): 0.6, (Muscle.GLUTEUS_MAXIMUS, Side.RIGHT): 0.17}


class Given:
    """Labels that are already there, on the series with the given id."""

    def __init__(self, labels: Volume, reference: str, **facts: object) -> None:
        self.labels, self.reference, self.facts = labels, reference, facts

    def segment(self, study: Study, preferred: tuple) -> Segmentation:
        found = next(s for s in study.series if s.id == self.reference)
        return Segmentation(self.labels, found, "test", "0" * 64, **self.facts)


def grade(study: Study, toy: Toy, reference: str, labels: Volume | None = None) -> Graded:
    return grade_study(study, SETTINGS, Given(labels or toy.labels, reference))


def check_grades(result: StudyResult, toy: Toy, tolerance: float) -> None:
    for m in result.muscles:
        wanted = {p: f for p, f in toy.truth.items() if p.muscle is m.muscle and p.side is m.side}
        truth = next((f for p, f in wanted.items() if p.region is m.region), np.mean(list(wanted.values())))
        assert m.fat_fraction == pytest.approx(truth, abs=tolerance)


@pytest.fixture(scope="module")
def standard() -> tuple[Toy, StudyResult]:
    """A study like any other, and its result."""
    toy = make_toy(FRACTIONS)
    return toy, grade(dixon_study(toy), toy, "s1.water").result


def test_dixon_study_is_graded(standard: tuple[Toy, StudyResult]) -> None:
    toy, result = standard
    assert result.status is StudyStatus.GRADED
    assert result.fat is not None
    assert (result.fat.method, result.fat.series, result.reference_series) == ("dixon", ("s1.water", "s1.fat"), "s1.water")
    check_grades(result, toy, 0.01)
    grades = {
        (m.side, m.muscle): [m.grade(s) for s in ("quartile", "goutallier", "bal_lowe")] for m in result.muscles if m.region == "whole"
    }
    assert grades["left", "gluteus_medius"] == [2, 3, 2]
    assert grades["left", "gluteus_minimus"] == [3, 4, 2]
    assert grades["right", "gluteus_maximus"] == [1, 1, 1]


def test_the_device_of_the_networks_is_in_the_provenance(standard: tuple[Toy, StudyResult]) -> None:
    toy, result = standard
    assert result.provenance.device is None
    there = grade_study(dixon_study(toy), SETTINGS, Given(toy.labels, "s1.water", device="cuda:0")).result
    assert there.provenance.device == "cuda:0"
    assert there.muscles == result.muscles


def test_result_survives_json_and_fits_its_schema() -> None:
    toy = make_toy(FRACTIONS)
    labels = toy.labels.with_array(np.where(toy.labels.array >= 200, 0, toy.labels.array))
    result = grade(dixon_study(toy), toy, "s1.water", labels).result
    text = result.to_json()
    assert "NaN" not in text
    again = StudyResult.model_validate_json(text)
    assert again.to_json() == text
    jsonschema.validate(json.loads(text), json.loads(json_schema()))


def test_one_side_makes_it_partly_graded_and_leaves_asymmetry_open() -> None:
    toy = make_toy()
    labels = toy.labels.with_array(np.where(toy.labels.array >= 200, 0, toy.labels.array))
    result = grade(dixon_study(toy), toy, "s1.water", labels).result
    assert result.status is StudyStatus.PARTLY_GRADED
    assert {m.status for m in result.muscles if m.side is Side.LEFT} == {MuscleStatus.MISSING}
    assert {a.reason for a in result.asymmetry} == {Reason.OTHER_SIDE_MISSING}
    assert all(math.isnan(a.volume_difference_percent) for a in result.asymmetry)


def test_asymmetry_is_left_minus_right(standard: tuple[Toy, StudyResult]) -> None:
    medius = next(a for a in standard[1].asymmetry if a.muscle is Muscle.GLUTEUS_MEDIUS)
    assert medius.fat_fraction_difference_points == pytest.approx(23, abs=1)
    assert abs(medius.volume_difference_percent) < 1
    assert medius.lean_volume_difference_percent < -20


def test_the_scale_by_functional_area_is_off_and_when_chosen_grades_minimus_on_ct_alone() -> None:
    toy = make_toy({(Muscle.GLUTEUS_MINIMUS, Side.LEFT): 0.6})
    study = Study("0" * 12, (series("ct", SeriesKind.CT, toy.volume(ct(toy))),))
    assert not any(g.mark is Reason.CUTOFFS_UNVERIFIED for m in grade(study, toy, "ct").result.muscles for g in m.grades)
    chosen = load_settings({"grading": {"profiles": {"goutallier": "ct_functional_area"}}})
    for m in grade_study(study, chosen, Given(toy.labels, "ct")).result.muscles:
        found = m.graded("goutallier")
        assert found is not None
        if m.muscle is not Muscle.GLUTEUS_MINIMUS:
            assert found.grade is None
            continue
        assert found.grade == sum(1 - m.ct_lean_share > edge for edge in (0.2, 0.4, 0.6, 0.8))
        assert (found.measure, found.mark) == ("ct_non_functional_share", Reason.CUTOFFS_UNVERIFIED)
    fat = {
        m.side: m.grade("goutallier")
        for m in grade_study(study, chosen, Given(toy.labels, "ct")).result.muscles
        if m.muscle is Muscle.GLUTEUS_MINIMUS
    }
    assert fat[Side.LEFT] > fat[Side.RIGHT]
    on_mr = grade_study(dixon_study(toy), chosen, Given(toy.labels, "s1.water")).result
    assert {m.grade("goutallier") for m in on_mr.muscles} == {None}
    assert {m.grade("quartile") for m in on_mr.muscles} != {None}


def test_ct_grades_carry_their_mark() -> None:
    toy = make_toy(FRACTIONS)
    study = Study("0" * 12, (series("ct", SeriesKind.CT, toy.volume(ct(toy))),))
    result = grade(study, toy, "ct").result
    check_grades(result, toy, 0.02)
    assert {g.mark for m in result.muscles for g in m.grades} == {Reason.CT_UNCALIBRATED}
    assert all(0 <= m.ct_lean_share <= 1 for m in result.muscles)


def test_labels_on_another_series_of_the_same_frame() -> None:
    """Labels drawn on a finer T1, fat measured on Dixon: the map is carried over and the result says so."""
    toy = make_toy(FRACTIONS)
    fine = make_toy(FRACTIONS, shape=(180, 130, 38), spacing=(2.0, 2.0, 4.0))
    dixon = [replace(s, frame_of_reference="1.2.3") for s in dixon_study(toy).series]
    drawn_on = series("t1", SeriesKind.STIR, fine.volume(np.nan_to_num(fine.fat)), frame_of_reference="1.2.3")
    result = grade(Study("0" * 12, (*dixon, drawn_on)), fine, "t1").result
    assert result.status is StudyStatus.GRADED
    assert result.reference_series == "t1"
    assert Reason.RESAMPLED in {n.reason for n in result.notes}
    medius = next(m for m in result.muscles if (m.side, m.muscle) == (Side.LEFT, Muscle.GLUTEUS_MEDIUS))
    assert medius.fat_fraction == pytest.approx(0.35, abs=0.03)


def test_labels_in_another_frame_are_refused() -> None:
    toy, fine = make_toy(), make_toy(shape=(180, 130, 38), spacing=(2.0, 2.0, 4.0))
    drawn_on = series("t1", SeriesKind.STIR, fine.volume(np.nan_to_num(fine.fat)), frame_of_reference="9.9")
    result = grade(Study("0" * 12, (*dixon_study(toy).series, drawn_on)), fine, "t1").result
    assert result.refusal is not None
    assert result.refusal.reason is Reason.GRID_MISMATCH


def test_the_next_best_series_steps_in_and_the_result_says_why() -> None:
    toy = make_toy(FRACTIONS)
    water, fat = dixon_study(toy).series
    half = replace(fat, load=lambda: toy.volume(0.5 * fat.load().array))  # its noise shows the other scale
    study = Study("0" * 12, (water, half, series("t1", SeriesKind.T1, toy.volume(t1(toy)))))
    result = grade(study, toy, "t1").result
    assert result.fat is not None
    assert result.fat.method == "t1"
    assert Reason.UNEQUAL_SCALING in {n.reason for n in result.notes}


def test_fat_that_is_not_as_bright_as_its_header_says_needs_a_review() -> None:
    """A flip angle of 90 degrees would make fat several times brighter than muscle; it is not: the header or the picture is wrong."""
    toy = make_toy(FRACTIONS)
    facts = Acquisition(tr_ms=14.0, te_ms=1.15, flip_angle_deg=90.0, field_strength_t=3.0, scanning_sequence=("GR",))
    spoilt = Study("0" * 12, tuple(replace(s, acquisition=facts) for s in dixon_study(toy).series))
    whole = [m for m in grade(spoilt, toy, "s1.water").result.muscles if m.region is Region.WHOLE]
    assert {(m.status, m.reason) for m in whole} == {(MuscleStatus.NEEDS_REVIEW, Reason.FAT_BRIGHTNESS)}
    sound = grade(dixon_study(toy), toy, "s1.water").result
    assert Reason.FAT_BRIGHTNESS not in {c.reason for m in sound.muscles for c in m.checks}


def test_less_fat_than_none_needs_a_review() -> None:
    """A map that was shifted below zero; one whose noise alone lies below is sound."""
    toy = make_toy(FRACTIONS)
    lean = np.where(toy.labels.array > 0, np.float32(0.01), np.nan_to_num(toy.fat, nan=0.9)).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 0.03, lean.shape).astype(np.float32)
    for moved, status in ((-0.06, MuscleStatus.NEEDS_REVIEW), (0.0, MuscleStatus.GRADED)):
        study = Study("0" * 12, (series("ff", SeriesKind.FAT_FRACTION, toy.volume(lean + noise + np.float32(moved))),))
        whole = [m for m in grade(study, toy, "ff").result.muscles if m.region is Region.WHOLE]
        assert {m.status for m in whole} == {status}
        if moved:
            assert {m.reason for m in whole} == {Reason.RESCALE_CONTRADICTS}
        else:
            assert all(m.fat_fraction == pytest.approx(0.01, abs=0.004) for m in whole)  # cut at 0 it would be 0.018


def test_missing_weights_are_a_refusal_with_the_series_listed(tmp_path: Path) -> None:
    toy = make_toy()
    nowhere = SETTINGS.segmentation.model_copy(update={"models": tmp_path})
    graded = grade_study(dixon_study(toy), SETTINGS, BundleSegmenter(nowhere, SETTINGS.checks))
    assert graded.images is None
    assert graded.result.status is StudyStatus.REFUSED
    assert graded.result.refusal is not None
    assert graded.result.refusal.reason is Reason.NO_SEGMENTER
    assert [s.id for s in graded.result.series] == ["s1.water", "s1.fat"]


def test_nothing_gradable_is_refused_but_volumes_stand() -> None:
    toy = make_toy(0.1)
    water = np.where(toy.body, 500.0, 0)
    images = (
        series("i", SeriesKind.DIXON_IN_PHASE, toy.volume(water)),
        series("o", SeriesKind.DIXON_OPPOSED_PHASE, toy.volume(0.8 * water)),
    )
    result = grade(Study("0" * 12, images), toy, "i").result
    assert result.status is StudyStatus.REFUSED
    assert result.refusal is not None
    assert result.refusal.reason is Reason.AMBIGUOUS_DOMINANCE
    assert all(m.volume_ml > 0 and m.grade("quartile") is None for m in result.muscles)


def test_oblique_and_coronal_grids_give_the_same_numbers() -> None:
    """The same toy seen through permuted, flipped axes: volumes and fractions do not move."""
    toy = make_toy(FRACTIONS)
    straight = grade(dixon_study(toy), toy, "s1.water").result

    def turned(volume: Volume) -> Volume:
        affine = volume.affine[:, [1, 2, 0, 3]].copy()
        flip = np.diag([1.0, -1, 1, 1])
        flip[1, 3] = volume.shape[2] - 1
        return Volume(volume.array.transpose(1, 2, 0)[:, ::-1], affine @ flip).to_ras()

    study = dixon_study(toy)
    moved = [series(s.id, s.kind, turned(s.load())) for s in study.series]
    again = grade(Study("0" * 12, tuple(moved)), toy, "s1.water", turned(toy.labels)).result
    for a, b in zip(straight.muscles, again.muscles, strict=True):
        assert (a.volume_ml, a.fat_fraction, a.region) == (pytest.approx(b.volume_ml), pytest.approx(b.fat_fraction), b.region)
    assert isinstance(moved[0].grid, Grid)
    assert Region.ANTERIOR in {m.region for m in again.muscles}


def doubtful(*, automatic: bool) -> StudyResult:
    """A segmenter that is unsure about the left medius."""
    toy = make_toy(shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    doubt = toy.labels.with_array(np.where(toy.labels.array == 220, 0.7, 0.05).astype(np.float32))
    given = Given(toy.labels, "s1.water", automatic=automatic, uncertainty=doubt)
    return grade_study(dixon_study(toy), SETTINGS, given).result


def test_a_doubtful_automatic_label_is_graded_but_needs_review() -> None:
    result = doubtful(automatic=True)
    assert result.status is StudyStatus.PARTLY_GRADED
    for m in result.muscles:
        if m.muscle is Muscle.GLUTEUS_MINIMUS:
            continue  # the toy's is two separate ellipsoids
        doubted = (m.side, m.muscle) == (Side.LEFT, Muscle.GLUTEUS_MEDIUS)
        assert m.status is (MuscleStatus.NEEDS_REVIEW if doubted else MuscleStatus.GRADED)
        assert [c.reason for c in m.checks] == ([Reason.LABEL_UNCERTAIN] if doubted else [])
        assert m.reason is (Reason.LABEL_UNCERTAIN if doubted else None)
        assert m.grade("quartile") is not None
    medius = next(a for a in result.asymmetry if a.muscle is Muscle.GLUTEUS_MEDIUS and a.region is Region.WHOLE)
    assert medius.reason is Reason.SIDE_NEEDS_REVIEW
    assert not math.isnan(medius.volume_difference_percent)
    assert result.segmentation is not None
    assert result.segmentation.automatic
    assert "NEEDS REVIEW" in "".join(words for line in table_lines(result) for words, _ in line.status)
    jsonschema.validate(json.loads(result.to_json()), json.loads(json_schema()))


def test_the_same_doubt_about_labels_from_a_user_is_a_note() -> None:
    result = doubtful(automatic=False)
    assert result.status is StudyStatus.GRADED
    assert [n.reason for n in result.notes if n.reason is Reason.LABEL_UNCERTAIN] == [Reason.LABEL_UNCERTAIN]
    assert any(n.detail.startswith("left gluteus_medius: outline trust 0.00") for n in result.notes)


def test_whole_labels_get_regions_and_the_result_says_by_which_rule() -> None:
    toy = make_toy(shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    graded = grade_study(dixon_study(toy), SETTINGS, Given(toy.labels, "s1.water"))
    assert graded.images is not None
    assert {111, 112, 121, 122, 123} <= set(np.unique(graded.images.labels.array))
    segmentation = graded.result.segmentation
    assert segmentation is not None
    assert segmentation.regions["left gluteus_minimus"] == "given with the labels"
    assert segmentation.regions["left gluteus_maximus"].startswith("by rule: width, borders at 0.5")
    assert {m.region for m in graded.result.muscles} == set(Region)
    for side in Side:
        for muscle in GLUTEI:
            mine = [m for m in graded.result.muscles if (m.side, m.muscle) == (side, muscle)]
            assert sum(m.volume_ml for m in mine[1:]) == pytest.approx(mine[0].volume_ml)


def test_oedema_stands_beside_the_grades_and_never_in_them() -> None:
    toy = make_toy(FRACTIONS, shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    medius = toy.labels.array == 220
    water = np.where(toy.body, 1 - np.nan_to_num(toy.fat), 0) * np.where(medius, 2.5, 1)
    stir = series("s2", SeriesKind.STIR, toy.volume(100 * water + 5 * np.random.default_rng(1).random(water.shape)))
    dixon = dixon_study(toy).series
    plain = grade(Study("0" * 12, dixon), toy, "s1.water").result
    result = grade(Study("0" * 12, (*dixon, stir)), toy, "s1.water").result
    assert result.oedema is not None
    assert result.oedema.series == "s2"
    shares = {(m.side, m.muscle): m.oedema_share for m in result.muscles if m.region is Region.WHOLE}
    assert shares.pop((Side.LEFT, Muscle.GLUTEUS_MEDIUS)) > 0.9
    assert max(shares.values()) < 0.02
    assert [m.grades for m in result.muscles] == [m.grades for m in plain.muscles]
    assert plain.oedema is None
    assert all(math.isnan(m.oedema_share) for m in plain.muscles)
    assert StudyResult.model_validate_json(result.to_json()).to_json() == result.to_json()


def test_one_labelled_hip_with_a_fat_suppressed_series_is_graded() -> None:
    """The side without labels has no oedema share, and is no reason to refuse the other."""
    whole = make_toy(FRACTIONS, shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    right = np.where(whole.labels.array < 200, whole.labels.array, 0).astype(np.uint8)
    toy = replace(whole, labels=whole.labels.with_array(right))
    water = np.where(whole.body, 1 - np.nan_to_num(whole.fat), 0)
    stir = series("s2", SeriesKind.STIR, whole.volume(100 * water + 5 * np.random.default_rng(1).random(water.shape)))
    result = grade(Study("0" * 12, (*dixon_study(whole).series, stir)), toy, "s1.water").result
    assert result.oedema is not None
    shares = {m.side: m.oedema_share for m in result.muscles if m.muscle is Muscle.GLUTEUS_MAXIMUS and m.region is Region.WHOLE}
    assert shares[Side.RIGHT] < 0.02
    assert math.isnan(shares[Side.LEFT])


def test_a_study_with_only_stir_is_not_gradable_because() -> None:
    toy = make_toy(shape=(96, 70, 20), spacing=(3.75, 3.75, 7.5))
    result = grade(Study("0" * 12, (series("s1", SeriesKind.STIR, toy.volume(np.nan_to_num(toy.fat))),)), toy, "s1").result
    assert result.status is StudyStatus.REFUSED
    assert result.refusal is not None
    assert result.refusal.reason is Reason.FAT_SUPPRESSED


def test_makeshift_contrasts_mark_their_grades() -> None:
    toy = make_toy(FRACTIONS, shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    image = toy.volume(t1(toy, muscle_over_fat=0.13))
    result = grade(Study("0" * 12, (series("s1", SeriesKind.T2, image),)), toy, "s1").result
    assert {g.mark for m in result.muscles for g in m.grades} == {Reason.T2_ESTIMATE}
    check_grades(result, toy, 0.05)


@pytest.mark.long
def test_the_clustering_alternatives_are_chosen_by_settings() -> None:
    toy = make_toy(FRACTIONS, shape=(96, 70, 30), spacing=(3.75, 3.75, 5.0))
    study = Study("0" * 12, (series("s1", SeriesKind.T1, toy.volume(t1(toy))),))
    t1_settings = SETTINGS.fat.t1.model_copy(update={"method": "gmm3"})
    settings = SETTINGS.model_copy(update={"fat": SETTINGS.fat.model_copy(update={"t1": t1_settings})})
    result = grade_study(study, settings, Given(toy.labels, "s1")).result
    assert Reason.CLUSTERED_PER_MUSCLE in {n.reason for n in result.notes}
    anchors = grade(study, toy, "s1").result
    assert [m.fat_fraction for m in result.muscles] != [m.fat_fraction for m in anchors.muscles]
