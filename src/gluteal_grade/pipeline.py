"""The whole flow of one study: choose the series, label, measure fat, grade."""

from __future__ import annotations

from dataclasses import dataclass

from gluteal_grade.assemble import assemble, refused
from gluteal_grade.config import Settings
from gluteal_grade.coverage import views_of
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.choose import Candidate, candidates
from gluteal_grade.fat.fatmap import FatMap, Method
from gluteal_grade.fat.swap import refuse_swapped
from gluteal_grade.geometry import Volume
from gluteal_grade.grading.interpretation import load_rules
from gluteal_grade.grading.norms import load_norms
from gluteal_grade.grading.scales import load_scales
from gluteal_grade.measure import measure
from gluteal_grade.provenance import Stopwatch
from gluteal_grade.results import StudyResult
from gluteal_grade.segmentation.checks import check_labels
from gluteal_grade.segmentation.protocol import Segmentation, Segmenter
from gluteal_grade.segmentation.regions import split
from gluteal_grade.segmentation.sides import check_sides
from gluteal_grade.study import Series, Study
from gluteal_grade.uncertainty.interval import Uncertainty


@dataclass(frozen=True)
class StudyImages:
    """What the pictures and image files are made of; all on one RAS+ grid."""

    image: Volume
    labels: Volume
    fat_fraction: Volume
    slice_axis: int
    is_ct: bool


@dataclass(frozen=True)
class Graded:
    """A result, with its images unless it was refused."""

    result: StudyResult
    images: StudyImages | None


def grade_study(study: Study, settings: Settings, segmenter: Segmenter, series: str | None = None) -> Graded:
    """Grade one study.

    Args:
        study: what discovery found.
        settings: thresholds and scales.
        segmenter: where labels come from.
        series: id of a series that must be measured, instead of the program's choice.

    Returns:
        the result; a permanent refusal is a result with status `refused`, not an exception.

    Raises:
        TransientFailure: try again later.
    """
    watch = Stopwatch()
    try:
        choice = candidates(study, series)
        with watch.stage("segment"):
            segmentation = segmenter.segment(study, tuple(c.series[0] for c in choice))
        with watch.stage("fat"):
            candidate, fat, passed_over = _first_that_works(choice, segmentation, settings)
        side_notes = check_sides(segmentation.labels, fat.body)
        with watch.stage("check"):
            views = views_of(segmentation.labels, fat.image, settings.measure.min_view_area_mm2)
            flags = check_labels(segmentation, views, settings.checks)
            parts = split(segmentation.labels, views, settings.regions)
        with watch.stage("measure"):
            axis = segmentation.reference.slice_axis
            uncertainty = Uncertainty(settings.uncertainty, segmentation.automatic, segmentation.uncertainty)
            measurements = measure(parts.labels, fat, axis, settings.measure, views, uncertainty)
        scales = load_scales(settings.grading.file, settings.grading.profiles)
        norms, rules = load_norms(settings.grading.norms), load_rules(settings.grading.interpretation)
        notes = (*study.notes, *passed_over, *segmentation.notes, *side_notes, *parts.notes, *fat.notes)
        result = assemble(study, settings, watch, scales, norms, rules, candidate, fat, segmentation, parts, measurements, flags, notes)
        images = StudyImages(fat.image, parts.labels, fat.volume, axis, fat.method is Method.CT)
        return Graded(result, images)
    except RefusedInput as error:
        return Graded(refused(study, error, settings, watch), None)


def _first_that_works(
    choice: tuple[Candidate, ...], segmentation: Segmentation, settings: Settings
) -> tuple[Candidate, FatMap, tuple[Note, ...]]:
    """The best candidate that can be measured where the labels are; the others' refusals as notes.

    Raises:
        RefusedInput: none can; the refusal of the best one.
    """
    labels = segmentation.labels
    refusals: list[RefusedInput] = []
    for candidate in choice:
        try:
            _check_space(candidate.series[0], segmentation)
            fat = candidate.measure(settings.fat).on(labels.grid)
            refuse_swapped(fat, labels, settings.fat.swap)
        except RefusedInput as error:
            refusals.append(error)
        else:
            return candidate, fat, tuple(Note(e.reason, e.detail) for e in refusals)
    raise refusals[0]


def _check_space(series: Series, segmentation: Segmentation) -> None:
    """Labels may be carried to another series only inside one DICOM frame of reference."""
    reference = segmentation.reference
    same_grid = series.grid is not None and series.grid.matches(segmentation.labels.grid)
    same_frame = series.frame_of_reference is not None and series.frame_of_reference == reference.frame_of_reference
    if not (same_grid or same_frame):
        raise RefusedInput(Reason.GRID_MISMATCH, f"series {series.id} does not share a frame of reference with the labels' {reference.id}")
