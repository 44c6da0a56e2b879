"""Measurements into a `StudyResult`: grades, statuses, side comparison, what became of each series."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from gluteal_grade.config import Settings
from gluteal_grade.errors import GradeError, Note, Reason
from gluteal_grade.grading import Examined, Measure, Profile, Scales, grade_probabilities, load_norms, load_rules, load_scales, other_grade
from gluteal_grade.io import Series, Study
from gluteal_grade.measurement import Interval, Measured, Measurement, SideFat, SideFats, Slice, why_not
from gluteal_grade.result.asymmetry import asymmetries
from gluteal_grade.result.meaning import SideProtocol, norm_report, statements, with_norms
from gluteal_grade.result.models import (
    SCHEMA_VERSION,
    FatReport,
    Grade,
    IntervalPart,
    MetalSide,
    MuscleResult,
    MuscleStatus,
    NoteModel,
    OedemaReport,
    SegmentationReport,
    SeriesReport,
    SliceModel,
    StudyResult,
    StudyStatus,
)
from gluteal_grade.result.provenance import describe
from gluteal_grade.segmentation import Flag
from gluteal_grade.statistics import SplitNormal
from gluteal_grade.stopwatch import Stopwatch
from gluteal_grade.terminal import printable
from gluteal_grade.vocabulary import LABEL_VALUES, Region, Side

# what a scale grades where there is no core value
_OF_LABEL: dict[Measure, Measure] = {"fat_fraction_core": "fat_fraction", "fat_area_fraction_core": "fat_area_fraction"}
_LONGEST = 64  # characters of a word of a header
_UNMEASURED = frozenset({Reason.NO_LABEL, Reason.SIDE_NOT_LABELLED})


def refused(study: Study, error: GradeError, settings: Settings, watch: Stopwatch | None = None) -> StudyResult:
    """The result of a study that cannot be graded."""
    return StudyResult(
        schema_version=SCHEMA_VERSION,
        study=study.id,
        status=StudyStatus.REFUSED,
        refusal=NoteModel(reason=error.reason, detail=error.detail, advice=error.advice),
        reference_series=None,
        slice_axis=None,
        fat=None,
        fat_beside_metal=None,
        metal=(),
        segmentation=None,
        muscles=(),
        asymmetry=(),
        norms=None,
        statements=(),
        notes=tuple(_note(n.reason, n.detail) for n in study.notes),
        series=_series_reports(study, (), why_not(study)),
        provenance=describe(settings, watch or Stopwatch()),
    )


def assemble_result(study: Study, measured: Measured, settings: Settings, watch: Stopwatch) -> StudyResult:
    """The result of a study that was measured; status `refused` if no muscle could be graded.

    Args:
        study: what was measured.
        measured: its numbers, and where they come from.
        settings: scales, norms and statements.
        watch: seconds per stage, for provenance.
    """
    fats, segmentation, oedema = measured.fats, measured.segmentation, measured.oedema
    scales, norms = load_scales(settings.grading.file, settings.grading.profiles), load_norms(settings.grading.norms)
    who, how = _examined(study), {side: _protocol(one, segmentation.automatic) for side, one in fats.sides.items()}
    plain = _muscle_results(measured, scales, settings.uncertainty.borderline)
    muscles = tuple(with_norms(m, norms, who, how[m.side]) for m in plain)
    main = next(side for side, one in fats.sides.items() if one.candidate is fats.main.candidate)
    status = _status(muscles)
    remarks = tuple(Note(f.reason, f"{f.side} {f.muscle}: {f.detail}") for f in measured.flags if not f.review)
    beside_metal = {side for side, one in fats.sides.items() if one.metal.present}
    used = (*(s for one in fats.sides.values() for s in one.fat.series), segmentation.reference, *((oedema.series,) if oedema else ()))
    return StudyResult(
        schema_version=SCHEMA_VERSION,
        study=study.id,
        status=status,
        refusal=_why_none(measured.measurements) if status is StudyStatus.REFUSED else None,
        reference_series=segmentation.reference.id,
        slice_axis=segmentation.reference.slice_axis,
        fat=_fat_report(fats.main, fats),
        fat_beside_metal=_fat_report(fats.other, fats) if fats.other else None,
        metal=tuple(_metal(side, one) for side, one in fats.sides.items()),
        oedema=OedemaReport(series=oedema.series.id, facts=oedema.facts) if oedema else None,
        segmentation=_segmentation_report(measured),
        muscles=muscles,
        asymmetry=asymmetries(muscles),
        norms=norm_report(muscles, norms, who, how, main),
        statements=statements(muscles, load_rules(settings.grading.interpretation), beside_metal),
        notes=tuple(dict.fromkeys(_note(n.reason, n.detail) for n in (*study.notes, *measured.notes, *remarks))),
        series=_series_reports(study, used, measured.plan.why_not),
        provenance=describe(settings, watch, segmentation.device),
    )


def _examined(study: Study) -> Examined:
    p = study.person
    return Examined(study.sex, p.age_years, p.height_m, p.weight_kg, p.lean_kg)


def _protocol(one: SideFat, automatic: bool) -> SideProtocol:
    kind = "+".join(sorted({s.kind for s in one.fat.series}))
    return SideProtocol(kind, automatic, one.fat.series[0].acquisition.field_strength_t)


def _muscle_results(measured: Measured, scales: Scales, borderline: float) -> tuple[MuscleResult, ...]:
    results: list[MuscleResult] = []
    for m in measured.measurements:
        flags = [f for f in measured.flags if f.key == (m.part.muscle, m.part.side)]
        trust = measured.trust.get((m.part.muscle, m.part.side), math.nan)
        results.append(_muscle_result(m, measured.fats.sides[m.part.side], flags, trust, scales, borderline))
    return tuple(results)


def _status(muscles: tuple[MuscleResult, ...]) -> StudyStatus:
    """How far the glutei were graded."""
    whole = [m.status for m in muscles if m.region is Region.WHOLE and not m.muscle.optional]
    if all(s is MuscleStatus.GRADED for s in whole):
        return StudyStatus.GRADED
    if any(s in (MuscleStatus.GRADED, MuscleStatus.PARTIAL, MuscleStatus.NEEDS_REVIEW) for s in whole):
        return StudyStatus.PARTLY_GRADED
    return StudyStatus.REFUSED


def _segmentation_report(measured: Measured) -> SegmentationReport:
    values = [int(v) for v in np.unique(measured.parts.labels.array) if v]
    return SegmentationReport(
        source=measured.segmentation.source,
        sha256=measured.segmentation.source_hash,
        automatic=measured.segmentation.automatic,
        regions=measured.parts.rules,
        labels={v: str(LABEL_VALUES[v]) for v in values},
    )


def _note(reason: Reason, detail: str) -> NoteModel:
    return NoteModel(reason=reason, detail=detail, advice=GradeError(reason).advice)


def _why_none(measurements: tuple[Measurement, ...]) -> NoteModel:
    """The reason to give for a study of which no muscle could be graded: that of a labelled muscle before that of a missing one."""
    first = min((m for m in measurements if m.reason and not m.part.muscle.optional), key=lambda m: m.reason in _UNMEASURED)
    return _note(first.reason or Reason.NO_LABEL, f"no muscle could be graded; {first.part}: {first.detail}")


def _fat_report(one: SideFat, fats: SideFats) -> FatReport:
    sides = tuple(side for side, other in fats.sides.items() if other.candidate is one.candidate)
    series = tuple(s.id for s in one.fat.series)
    header = one.fat.series[0].acquisition
    return FatReport(
        method=one.fat.method,
        series=series,
        why=one.candidate.why,
        facts=one.fat.facts,
        sides=sides,
        field_strength_t=header.field_strength_t,
        manufacturer=_words(header.manufacturer),
        scanner_model=_words(header.model),
        software=_words(header.software),
    )


def _words(text: str | None) -> str:
    """What a header says, fit for a cell: one line of printable characters, `_LONGEST` at most."""
    return printable(" ".join((text or "").split()))[:_LONGEST].rstrip()


def _metal(side: Side, one: SideFat) -> MetalSide:
    m = one.metal
    ml, reach = (one.zone_ml, one.zone_reach_mm) if m.present else (math.nan, math.nan)
    return MetalSide(side=side, present=m.present, sources=m.sources, evidence=m.evidence, zone_ml=ml, zone_reach_mm=reach)


def _muscle_result(m: Measurement, one: SideFat, flags: list[Flag], trust: float, scales: Scales, borderline: float) -> MuscleResult:
    reason, detail = m.reason, m.detail
    review = next((f for f in flags if f.review), None)
    if math.isnan(m.fat_fraction):
        status = MuscleStatus.MISSING if m.reason in _UNMEASURED else MuscleStatus.NOT_GRADABLE
    elif review is not None:
        status, reason, detail = MuscleStatus.NEEDS_REVIEW, review.reason, review.detail
    else:
        status = MuscleStatus.PARTIAL if m.coverage.borders else MuscleStatus.GRADED
    section = m.largest_section
    return MuscleResult(
        side=m.part.side,
        muscle=m.part.muscle,
        region=m.part.region,
        status=status,
        reason=reason,
        detail=detail,
        **m.numbers(),
        fat_fraction_low=m.interval.low,
        fat_fraction_high=m.interval.high,
        fat_fraction_core_low=m.core_interval.low,
        fat_fraction_core_high=m.core_interval.high,
        no_core=_note(Reason.NO_SURE_VOXELS, m.no_core) if m.no_core else None,
        method=None if m.reason in _UNMEASURED else one.fat.method.value,
        coverage=m.coverage.share,
        cut_at=m.coverage.borders,
        outline_trust=trust,
        largest_section=_slice(section) if section else None,
        checks=tuple(_note(f.reason, f.detail) for f in flags),
        grades=_grades(m, scales, one.candidate.how.mark, borderline),
        interval_parts=_parts(m.interval),
        core_interval_parts=_parts(m.core_interval),
        norms=(),
        no_norm=None,
        profile=tuple(_slice(s) for s in m.profile),
    )


def _parts(interval: Interval) -> dict[str, IntervalPart]:
    return {name: IntervalPart(below=below, above=above) for name, (below, above) in interval.parts.items()}


def _slice(s: Slice) -> SliceModel:
    return SliceModel(**asdict(s))


def _grades(m: Measurement, scales: Scales, mark: Reason | None, borderline: float) -> tuple[Grade, ...]:
    grades = []
    for name, scale in scales.scales.items():
        measure = _OF_LABEL.get(scale.active.measure, scale.active.measure) if m.no_core else scale.active.measure
        value = getattr(m, measure) if scale.active.grades(m.part.muscle) else math.nan
        grade = scale.active.grade(value)
        probabilities = _probabilities(m, scale.active, measure)
        grades.append(
            Grade(
                scale=name,
                profile=scale.profile,
                measure=measure,
                grade=grade,
                margin=scale.active.nearest_edge(value),
                mark=Reason.CUTOFFS_UNVERIFIED
                if scale.active.unverified
                else mark or (Reason.NO_SURE_VOXELS if measure != scale.active.measure else None),
                probabilities=probabilities,
                borderline_with=other_grade(probabilities, grade, borderline),
            )
        )
    return tuple(grades)


def _probabilities(m: Measurement, profile: Profile, measure: Measure) -> tuple[float, ...]:
    """Of each grade; none where the scale grades a quantity without an interval."""
    intervals = {"fat_fraction": m.interval, "fat_fraction_core": m.core_interval}
    found = intervals.get(measure)
    if found is None or math.isnan(found.below):
        return ()
    return grade_probabilities(profile, SplitNormal(getattr(m, measure), found.below, found.above).cdf)


def _series_reports(study: Study, used: tuple[Series, ...], why_left_over: Mapping[str, str]) -> tuple[SeriesReport, ...]:
    return tuple(
        SeriesReport(
            id=s.id,
            uid=s.uid,
            kind=s.kind,
            kind_reason=s.kind_reason,
            plane=s.plane,
            mars=s.mars,
            mars_reason=s.mars_reason,
            shape=s.grid.shape if s.grid else None,
            spacing_mm=s.grid.spacing_mm if s.grid else None,
            used=s in used,
            why_not="" if s in used else why_left_over[s.id],
            sources=s.sources,
        )
        for s in study.series
    )
