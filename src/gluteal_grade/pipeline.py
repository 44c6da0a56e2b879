"""The whole flow of one study: choose the series, label, measure fat, grade."""

from __future__ import annotations

from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from gluteal_grade.config import Settings
from gluteal_grade.errors import RefusedInput
from gluteal_grade.fat.choose import candidates
from gluteal_grade.fat.oedema import oedema_map
from gluteal_grade.geometry import Volume
from gluteal_grade.grading.interpretation import load_rules
from gluteal_grade.grading.norms import load_norms
from gluteal_grade.grading.scales import load_scales
from gluteal_grade.imaging.coverage import views_of
from gluteal_grade.io.study import Study
from gluteal_grade.measurement.interval import Uncertainty
from gluteal_grade.measurement.measure import measure, with_oedema
from gluteal_grade.measurement.sides import composite, labelling_order, measure_sides
from gluteal_grade.result.assemble import assemble, refused
from gluteal_grade.result.models import StudyResult
from gluteal_grade.result.provenance import Stopwatch
from gluteal_grade.segmentation.checks import check_labels
from gluteal_grade.segmentation.protocol import Segmenter
from gluteal_grade.segmentation.regions import split
from gluteal_grade.segmentation.sides import check_sides
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


def grade_study(study: Study, settings: Settings, segmenter: Segmenter, series: str | None = None, exclude: Volume | None = None) -> Graded:
    """Grade one study.

    Args:
        study: what discovery found.
        settings: thresholds and scales.
        segmenter: where labels come from.
        series: id of a series that must be measured, instead of the program's choice.
        exclude: boolean mask in the space of the images; its voxels are not measured.

    Returns:
        the result; a permanent refusal is a result with status `refused`, not an exception.

    Raises:
        TransientFailure: try again later.
    """
    # linear algebra gives other last digits with other numbers of threads; the networks do not
    with threadpool_limits(1, user_api="blas"):
        return _graded(study.read_once(), settings, segmenter, series, exclude)  # labels, fat and the look for metal want the same voxels


def _graded(study: Study, settings: Settings, segmenter: Segmenter, series: str | None, exclude: Volume | None) -> Graded:
    watch = Stopwatch()
    try:
        choice = candidates(study, series)
        with watch.stage("segment"):
            segmentation = segmenter.segment(study, tuple(c.series[0] for c in labelling_order(study, choice, settings)))
        with watch.stage("fat"):
            fats = measure_sides(study, choice, segmentation, settings, exclude)
        fat = fats.shown(segmentation.reference)
        side_notes = check_sides(segmentation.labels, fat.body)
        with watch.stage("check"):
            views = views_of(segmentation.labels, fat.image, settings.measure.min_view_area_mm2)
            flags = check_labels(segmentation, views, settings.checks)
            parts = split(segmentation.labels, views, settings.regions)
        with watch.stage("measure"):
            axis = segmentation.reference.slice_axis
            uncertainty = Uncertainty(settings.uncertainty, segmentation.automatic, segmentation.uncertainty)
            measurements = measure(parts.labels, fats.maps(), axis, settings.measure, views, uncertainty)
            oedema, oedema_notes = oedema_map(study, fat, segmentation.reference, settings.fat)
            measurements = with_oedema(measurements, parts.labels, oedema, settings.measure)
        scales = load_scales(settings.grading.file, settings.grading.profiles)
        norms, rules = load_norms(settings.grading.norms), load_rules(settings.grading.interpretation)
        notes = (*study.notes, *segmentation.notes, *side_notes, *parts.notes, *fats.notes, *oedema_notes)
        result = assemble(study, settings, watch, scales, norms, rules, fats, segmentation, parts, measurements, flags, notes, oedema)
        excluded = parts.labels.with_array(fats.excluded) if fats.excluded.any() else None
        images = StudyImages(fat.image, parts.labels, composite(fats, parts.labels), axis, fat.method is Method.CT, excluded)
        return Graded(result, images)
    except RefusedInput as error:
        return Graded(refused(study, error, settings, watch), None)
