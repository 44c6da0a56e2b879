"""Tensor fasciae latae beside the glutei, from the label map to the result: exact numbers, and nothing of the glutei moves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gluteal_grade.config import Settings, load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io.study import Study
from gluteal_grade.pipeline import grade_study
from gluteal_grade.report._frame import verdict
from gluteal_grade.report._grade_table import table_lines
from gluteal_grade.report.html._summary import alerts
from gluteal_grade.result.models import MuscleResult, MuscleStatus, NoteModel, StudyResult, StudyStatus
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import Muscle, Region, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters
from gluteal_grade_lab.phantom.fatfield import FatPrescription, both_sides
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.study import PhantomStudy, PhantomStudySpec, make_study
from gluteal_grade_lab.phantom.truth import PartTruth, voxel_fat_fraction
from tests.synthetic import series

SETTINGS = load_settings()
TRUSTING = SETTINGS.model_copy(update={"checks": SETTINGS.checks.model_copy(update={"always_review": ()})})
TENSOR = Muscle.TENSOR_FASCIAE_LATAE
GRID = axial_grid((-212.0, -178.0, -138.0), (212.0, 112.0, 148.0), (4.0, 4.0, 7.0))


class Given:
    """Labels that are already there."""

    def __init__(self, labels: Volume, **facts: object) -> None:
        self.labels, self.facts = labels, facts

    def segment(self, study: Study, preferred: tuple) -> Segmentation:
        return Segmentation(self.labels, study.series[0], "test", "0" * 64, **self.facts)


@pytest.fixture(scope="module")
def made() -> PhantomStudy:
    fat = both_sides(FatPrescription(0.12), FatPrescription(0.2), FatPrescription(0.3))
    return make_study(PhantomStudySpec("Tensor", BodyParameters("F", seed=4), fat, GRID, (), (2, 2, 2), beside=True))


def graded(made: PhantomStudy, labels: Volume, settings: Settings = SETTINGS, **facts: object) -> StudyResult:
    image = Volume(voxel_fat_fraction(made.content), GRID.affine)
    return grade_study(Study("0" * 12, (series("s1", SeriesKind.FAT_FRACTION, image),)), settings, Given(labels, **facts)).result


@pytest.fixture(scope="module")
def result(made: PhantomStudy) -> StudyResult:
    return graded(made, made.labels)


def tensors(result: StudyResult) -> dict[Side, MuscleResult]:
    return {m.side: m for m in result.muscles if m.muscle is TENSOR}


def truth(made: PhantomStudy, side: Side) -> PartTruth:
    return next(t for t in made.truth if t.part.muscle is TENSOR and t.part.side is side)


@pytest.mark.parametrize("side", Side)
def test_volume_and_fat_are_those_of_the_labelled_voxels(made: PhantomStudy, result: StudyResult, side: Side) -> None:
    found, exact = tensors(result)[side], truth(made, side)
    assert found.volume_ml == pytest.approx(exact.on_labels.volume_ml, rel=1e-6)
    assert found.fat_fraction == pytest.approx(exact.on_labels.fat_fraction, abs=1e-5)
    assert found.volume_ml == pytest.approx(exact.continuous.volume_ml, rel=0.1)
    assert found.fat_fraction_core == pytest.approx(exact.continuous.fat_fraction, abs=0.02)
    assert found.region is Region.WHOLE
    assert found.grade("quartile") is not None


def test_the_sides_of_it_are_compared(result: StudyResult) -> None:
    (pair,) = (a for a in result.asymmetry if a.muscle is TENSOR)
    left, right = (tensors(result)[side].volume_ml for side in (Side.LEFT, Side.RIGHT))
    if math.isfinite(pair.volume_difference_percent):
        assert pair.volume_difference_percent == pytest.approx(200 * (left - right) / (left + right))
    else:
        assert any(m.cut_at for m in tensors(result).values())


def test_the_glutei_are_as_without_it(made: PhantomStudy, result: StudyResult) -> None:
    without = graded(made, glutei_of(made.labels))
    assert not tensors(without), "labels that do not tell it make no row"
    assert tuple(m for m in result.muscles if m.muscle is not TENSOR) == without.muscles
    assert tuple(a for a in result.asymmetry if a.muscle is not TENSOR) == without.asymmetry
    assert (result.status, result.statements, result.notes) == (without.status, without.statements, without.notes)


def test_out_of_view_it_is_missing_and_the_study_is_graded_all_the_same(made: PhantomStudy) -> None:
    result = graded(made, glutei_of(made.labels), tells=frozenset({TENSOR}), automatic=True)
    assert {m.status for m in tensors(result).values()} == {MuscleStatus.MISSING}
    assert {m.reason for m in tensors(result).values()} == {Reason.NO_LABEL}
    assert result.status is graded(made, glutei_of(made.labels), automatic=True).status


def test_its_doubt_is_its_own(made: PhantomStudy) -> None:
    """A doubtful tensor needs review; neither the glutei nor the study's state know of it."""
    sure, unsure = (made.labels.with_array(np.full(GRID.shape, doubt, np.float32)) for doubt in (0.05, 0.6))
    doubtful = graded(made, made.labels, TRUSTING, automatic=True, uncertainty=sure, uncertainty_beside=unsure)
    trusted = graded(made, made.labels, TRUSTING, automatic=True, uncertainty=sure, uncertainty_beside=sure)
    assert {m.reason for m in tensors(doubtful).values()} == {Reason.LABEL_UNCERTAIN}
    assert MuscleStatus.NEEDS_REVIEW not in {m.status for m in tensors(trusted).values()}
    glutei = [tuple(m for m in result.muscles if m.muscle is not TENSOR) for result in (doubtful, trusted)]
    assert glutei[0] == glutei[1]
    assert doubtful.status is trusted.status


def test_a_networks_outline_of_it_is_an_estimate(made: PhantomStudy) -> None:
    """It is looked at before it is used, which is said where its number stands and of nothing else."""
    given, automatic = graded(made, made.labels), graded(made, made.labels, automatic=True)
    assert {m.status for m in tensors(automatic).values()} == {MuscleStatus.NEEDS_REVIEW}
    assert {m.reason for m in tensors(automatic).values()} == {Reason.OUTLINE_UNPROVEN}
    assert MuscleStatus.NEEDS_REVIEW not in {m.status for m in tensors(given).values()}
    assert automatic.status is given.status
    assert verdict(automatic).level == verdict(given).level
    assert not any("tensor" in alert.head for alert in alerts(automatic))
    (told,) = (line.status for line in table_lines(automatic) if "ensor" in line.name)
    assert all("estimate, look at the outline" in text and not alarm for text, alarm in told)  # every study has it: no alarm
    doubt = NoteModel(reason=Reason.SIDES_UNEQUAL, detail="60 ml right, 25 ml left", advice="Look.")
    worse = [m.model_copy(update={"checks": (*m.checks, doubt)}) if m.muscle is TENSOR else m for m in automatic.muscles]
    (told,) = (line.status for line in table_lines(automatic.model_copy(update={"muscles": tuple(worse)})) if "ensor" in line.name)
    assert any("NEEDS REVIEW" in text and alarm for text, alarm in told)


def test_alone_it_is_no_study(made: PhantomStudy) -> None:
    only = made.labels.with_array(made.labels.array - glutei_of(made.labels).array)
    result = graded(made, only)
    assert result.status is StudyStatus.REFUSED
