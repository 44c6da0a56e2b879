"""The whole way of one study: plan, label, measure, grade."""

from __future__ import annotations

from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from gluteal_grade.config import Settings
from gluteal_grade.errors import RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Study
from gluteal_grade.measurement import Measured, composite, measure_study, plan_study
from gluteal_grade.result import StudyResult, assemble_result, refused
from gluteal_grade.segmentation import Segmenter
from gluteal_grade.stopwatch import Step, Stopwatch, Told, untold
from gluteal_grade.vocabulary import Method


@dataclass(frozen=True)
class StudyImages:
    """What the pictures and image files are made of; all on one RAS+ grid. `excluded`: voxels left out beside metal or by the user."""

    image: Volume
    labels: Volume
    fat_fraction: Volume
    slice_axis: int
    is_ct: bool
    excluded: Volume | None = None


@dataclass(frozen=True)
class Graded:
    """A result, with its images unless it was refused."""

    result: StudyResult
    images: StudyImages | None


def grade_study(
    study: Study,
    settings: Settings,
    segmenter: Segmenter,
    series: str | None = None,
    exclude: Volume | None = None,
    *,
    told: Told = untold,
) -> Graded:
    """Grade one study.

    Args:
        study: what discovery found.
        settings: thresholds and scales.
        segmenter: where labels come from.
        series: id of a series that must be measured, instead of the program's choice.
        exclude: boolean mask in the space of the images; its voxels are not measured.
        told: is told of each step as it begins.

    Returns:
        the result; a permanent refusal is a result with status `refused`, not an exception.

    Raises:
        TransientFailure: try again later.
    """
    watch = Stopwatch(told)
    study = study.read_once()  # labels, fat and the search for metal want the same voxels
    try:
        # linear algebra gives other last digits with other numbers of threads; the networks do not
        with threadpool_limits(1, user_api="blas"):
            plan = plan_study(study, settings, series, exclude)
            with watch.stage("segment", Step.LABEL):
                segmentation = segmenter.segment(study, plan.for_labels)
            measured = measure_study(plan, segmentation, settings, watch)
            return Graded(assemble_result(study, measured, settings, watch), _images(measured))
    except RefusedInput as error:
        return Graded(refused(study, error, settings, watch), None)


def _images(measured: Measured) -> StudyImages:
    shown, labels, left_out = measured.shown, measured.parts.labels, measured.fats.excluded
    return StudyImages(
        image=shown.image,
        labels=labels,
        fat_fraction=composite(measured.fats, labels),
        slice_axis=measured.segmentation.reference.slice_axis,
        is_ct=shown.method is Method.CT,
        excluded=labels.with_array(left_out) if left_out.any() else None,
    )
