"""The measurements of one muscle or region as a measurement group of a TID 1500 report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from highdicom.sr import (
    AlgorithmIdentification,
    FindingSite,
    Measurement,
    MeasurementProperties,
    MeasurementsAndQualitativeEvaluations,
    MeasurementStatisticalProperties,
    NumContentItem,
    QualitativeEvaluation,
    ReferencedSegment,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceSeriesForSegmentation,
    TextContentItem,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from highdicom.sr.value_types import ContentItem
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code

from gluteal_grade.grading import Quantity
from gluteal_grade.report.dicom import codes
from gluteal_grade.report.dicom._outlines import Outline
from gluteal_grade.report.dicom.seg import Segments, algorithm_name, tracking_id
from gluteal_grade.report.dicom.sources import Sources
from gluteal_grade.report.dicom.uids import Identity
from gluteal_grade.report.readings import grade_text
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult, primary_of, scales_of
from gluteal_grade.vocabulary import Part, Region, Scale

_NORMED: dict[str, Quantity] = {
    codes.VOLUME.value: "volume_ml",
    codes.FAT_FRACTION.value: "fat_fraction",
    codes.CORE.value: "fat_fraction_core",
}
Group = VolumetricROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations


def muscle_group(m: MuscleResult, result: StudyResult, sources: Sources, segments: Segments, identity: Identity) -> Group:
    """What was measured of one muscle or region, with the place of its outline.

    A part with a segment of its own is a volumetric region of interest (TID 1411). A muscle that was split has none, as TID 1411 refers
    to one segment only: it is a plain group (TID 1501) whose sources are the frames of its regions. Either has its result in a line
    (Comment), and its area where it is largest, with the outline there as its source (TID 320): viewers that draw coordinates show both.
    """
    part = Part(m.muscle, m.region, m.side)
    scales = {scale.key: scale for scale in scales_of(result)}
    shared: dict[str, Any] = {
        "tracking_identifier": TrackingIdentifier(uid=identity.uid("tracking", part), identifier=tracking_id(part)),
        "finding_category": codes.CATEGORY,
        "finding_type": codes.muscle_code(m.muscle),
        "finding_sites": [FindingSite(codes.muscle_code(m.muscle), codes.side_code(m.side), codes.region_code(m.region))],
        "algorithm_id": _algorithm(m, result),
        "measurements": _measurements(m, result, scales),
        "qualitative_evaluations": _evaluations(m, scales),
    }
    group = _group_of(m, part, sources, segments, shared)
    outline = segments.outlines.get(part)
    # both are more than TID 1411 names, which may be extended; highdicom would not take the coordinates
    if outline is not None:
        items = group[0].ContentSequence
        after = next((n for n, item in enumerate(items, start=1) if item.ValueType == "NUM"), len(items))
        items.insert(after, *_area(outline, sources))
    group[0].ContentSequence.append(_comment(m, primary_of(result)))
    return group


def _area(outline: Outline, sources: Sources) -> Measurement:
    where = outline.coordinates(sources)
    area = round(outline.area_cm2, 4)
    return Measurement(codes.AREA, area, codes.SQUARE_CENTIMETRE, derivation=codes.MAXIMUM, referenced_coordinates=where)


def _group_of(m: MuscleResult, part: Part, sources: Sources, segments: Segments, shared: dict[str, Any]) -> Group:
    seg = segments.data
    number = segments.numbers.get(part)
    if number is not None:
        series = SourceSeriesForSegmentation(sources.series_uid)
        segment = ReferencedSegment(seg.SOPClassUID, seg.SOPInstanceUID, number, source_series=series)
        return VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=segment, **shared)
    regions = [n for p, n in segments.numbers.items() if (p.muscle, p.side) == (m.muscle, m.side) and m.region is Region.WHOLE]
    images = [SourceImageForMeasurementGroup(seg.SOPClassUID, seg.SOPInstanceUID, segments.frames(regions))] if regions else None
    return MeasurementsAndQualitativeEvaluations(source_images=images, **shared)


def not_there(m: MuscleResult) -> list[ContentItem]:
    """Status and reason of a part of which there is no voxel, for the report's Qualitative Evaluations (TID 1500, row 12): without any
    coordinates it can be no measurement group for OHIF, which then shows none of the others."""
    items = [item for evaluation in _evaluations(m, {}) for item in evaluation]
    for item in items:
        item.ContentSequence = Sequence([FindingSite(codes.muscle_code(m.muscle), codes.side_code(m.side), codes.region_code(m.region))])
    return items


def refusal_group(result: StudyResult, sources: Sources, identity: Identity) -> Group:
    """Why a study was not graded."""
    assert result.refusal is not None
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=identity.uid("tracking", "study"), identifier="gluteal_grade study"),
        qualitative_evaluations=[
            QualitativeEvaluation(codes.STATUS, codes.word_code(result.status)),
            QualitativeEvaluation(codes.REASON, codes.word_code(result.refusal.reason)),
        ],
        source_images=[SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID) for image in sources.images],
        finding_type=codes.STUDY,
    )


def _algorithm(m: MuscleResult, result: StudyResult) -> AlgorithmIdentification:
    """How fat was measured, who drew, by which profile each scale grades."""
    labels = result.segmentation
    parameters = [f"fat={m.method}"] if m.method else []
    parameters += [f"labels={algorithm_name(labels)}", f"labels_sha256={labels.sha256}"] if labels else []
    parameters += [f"{g.scale}={g.profile}" for g in m.grades]
    parameters.append(f"settings={result.provenance.config_hash}")
    return AlgorithmIdentification(result.provenance.program, result.provenance.version, parameters)


def _comment(m: MuscleResult, scale: Scale) -> TextContentItem:
    """In a line: the part, its fat with the interval, its primary grade."""
    fat = m.fat_shown
    told = [] if math.isnan(fat.value) else [f"fat {100 * fat.value:.1f} %"]
    if told and not (math.isnan(fat.low) or math.isnan(fat.high)):
        told[0] += f" ({100 * fat.low:.1f}-{100 * fat.high:.1f})"
    told += [f"{scale.plain_title} {grade_text(g)}" for g in m.grades if g.scale == scale.key and g.grade is not None]
    if m.status is not MuscleStatus.GRADED:
        told.append(m.status.replace("_", " "))
    return TextContentItem(codes.COMMENT, f"{Part(m.muscle, m.region, m.side)}: {', '.join(told)}", RelationshipTypeValues.CONTAINS)


def _measurements(m: MuscleResult, result: StudyResult, scales: Mapping[str, Scale]) -> list[Measurement] | None:
    """Numbers that were measured, with their place among healthy people; what was not is left out, and the group's reason says why."""
    rows: list[tuple[Code, float, Code, Code | None]] = [
        (codes.VOLUME, m.volume_ml, codes.MILLILITRE, None),
        (codes.FAT_FRACTION, 100 * m.fat_fraction, codes.PERCENT, codes.MEAN),
        (codes.LOW, 100 * m.fat_fraction_low, codes.PERCENT, None),
        (codes.HIGH, 100 * m.fat_fraction_high, codes.PERCENT, None),
        (codes.CORE, 100 * m.fat_fraction_core, codes.PERCENT, codes.MEAN),
        (codes.CORE_LOW, 100 * m.fat_fraction_core_low, codes.PERCENT, None),
        (codes.CORE_HIGH, 100 * m.fat_fraction_core_high, codes.PERCENT, None),
        (codes.LEAN_VOLUME, m.lean_volume_ml, codes.MILLILITRE, None),
        (codes.FAT_AREA, 100 * m.fat_area_fraction, codes.PERCENT, None),
        (codes.EVALUABLE, 100 * m.evaluable_share, codes.PERCENT, None),
        (codes.COVERAGE, 100 * m.coverage, codes.PERCENT, None),
    ]
    rows += [(codes.probability_code(scales[g.scale]), 100 * m.probability(g.scale), codes.PERCENT, None) for g in m.grades]
    # four decimals: far below what is measured, and the same text on every machine
    found = [
        Measurement(name, round(value, 4), unit, derivation=how, properties=_among_healthy(m, result, name))
        for name, value, unit, how in rows
        if not math.isnan(value)
    ]
    return found or None


def _among_healthy(m: MuscleResult, result: StudyResult, name: Code) -> MeasurementProperties | None:
    """z and percentile with the people they are of (TID 310, 311); None where no norm fits."""
    quantity = _NORMED.get(name.value)
    score = m.norm(quantity) if quantity else None
    if score is None or result.norms is None:
        return None
    people = {"M": "Healthy men", "F": "Healthy women"}.get(result.norms.sex or "", "Healthy people")
    numbers = ((codes.Z_SCORE, score.z), (codes.PERCENTILE, score.percentile))
    hangs_on = RelationshipTypeValues.HAS_PROPERTIES
    properties = MeasurementStatisticalProperties(
        [NumContentItem(code, round(value, 4), codes.ONE, relationship_type=hangs_on) for code, value in numbers],
        description=_ascii(f"{people}: {result.norms.sources.get(score.source, score.source)}"),
        authority=_ascii(score.source),
    )
    return MeasurementProperties(measurement_statistical_properties=properties)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _evaluations(m: MuscleResult, scales: Mapping[str, Scale]) -> list[QualitativeEvaluation]:
    graded = [(scales[g.scale], g.grade) for g in m.grades if g.grade is not None]
    grades = [QualitativeEvaluation(codes.scale_code(scale), codes.grade_code(scale, grade)) for scale, grade in graded]
    reasons = dict.fromkeys(([m.reason] if m.reason else []) + [check.reason for check in m.checks])
    told = [QualitativeEvaluation(codes.REASON, codes.word_code(reason)) for reason in reasons]
    return [*grades, QualitativeEvaluation(codes.STATUS, codes.word_code(m.status)), *told]
