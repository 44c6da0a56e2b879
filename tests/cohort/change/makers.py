"""Results with numbers by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from gluteal_grade.errors import ADVICE, Reason
from gluteal_grade.grading.probability import grade_probabilities
from gluteal_grade.grading.scales import load_scales
from gluteal_grade.measurement.interval import bounds
from gluteal_grade.result.models import (
    SCHEMA_VERSION,
    FatReport,
    Grade,
    IntervalPart,
    MuscleResult,
    MuscleStatus,
    NoteModel,
    Provenance,
    SegmentationReport,
    SeriesReport,
    StudyResult,
    StudyStatus,
)
from gluteal_grade.statistics.split_normal import SplitNormal
from gluteal_grade.vocabulary import GLUTEI, Muscle, Region, Side

NAN = math.nan
SCALES = load_scales()


def grades(fat: float, below: float, above: float) -> tuple[Grade, ...]:
    made = []
    for name, scale in SCALES.scales.items():
        profile = scale.active
        made.append(
            Grade(
                scale=name,
                profile=scale.profile,
                measure=profile.measure.removesuffix("_core"),  # these results have no core value
                grade=profile.grade(fat),
                margin=profile.nearest_edge(fat),
                mark=None,
                probabilities=() if math.isnan(below) else grade_probabilities(profile, SplitNormal(fat, below, above).cdf),
                borderline_with=None,
            )
        )
    return tuple(made)


def muscle(
    which: Muscle = Muscle.GLUTEUS_MAXIMUS,
    side: Side = Side.RIGHT,
    fat: float = 0.1,
    sd: float | tuple[float, float] = 0.01,
    volume: float = 800.0,
    region: Region = Region.WHOLE,
    **other: Any,
) -> MuscleResult:
    below, above = sd if isinstance(sd, tuple) else (sd, sd)
    low, high = (NAN, NAN) if math.isnan(fat) or math.isnan(below) else bounds(fat, below, above, 0.95)
    measured = not math.isnan(fat)
    # two parts, of 3-4-5, so that their squares have to be added up
    parts = {"noise": IntervalPart(below=0.6 * below, above=0.6 * above), "border": IntervalPart(below=0.8 * below, above=0.8 * above)}
    given: dict[str, Any] = {
        "side": side,
        "muscle": which,
        "region": region,
        "status": MuscleStatus.GRADED if measured else MuscleStatus.NOT_GRADABLE,
        "reason": None if measured else Reason.TOO_LITTLE_EVALUABLE,
        "detail": "",
        "volume_ml": volume,
        "lean_volume_ml": volume * (1 - fat),
        "fat_fraction": fat,
        "fat_fraction_low": low,
        "fat_fraction_high": high,
        "fat_fraction_median": fat,
        "fat_fraction_q1": fat,
        "fat_fraction_q3": fat,
        "fat_area_fraction": fat,
        "ct_lean_share": NAN,
        "evaluable_share": 1.0,
        "oedema_share": NAN,
        "method": "dixon",
        "coverage": 1.0,
        "cut_at": (),
        "largest_section": None,
        "checks": (),
        "grades": grades(fat, below, above),
        "interval_parts": parts if measured and not math.isnan(below) else {},
        "norms": (),
        "no_norm": None,
        "profile": (),
    }
    return MuscleResult(**(given | other))


def with_core(m: MuscleResult, fat: float, sd: float = 0.01) -> MuscleResult:
    """The same, graded by a core value as well."""
    low, high = bounds(fat, sd, sd, 0.95)
    by_core = tuple(g.model_copy(update={"measure": f"{g.measure}_core"}) for g in grades(fat, sd, sd))
    core = {
        "fat_fraction_core": fat,
        "fat_fraction_core_low": low,
        "fat_fraction_core_high": high,
        "lean_volume_core_ml": m.volume_ml * (1 - fat),
    }
    return m.model_copy(update=core | {"core_interval_parts": {"rim": IntervalPart(below=sd, above=sd)}, "grades": by_core})


def missing(which: Muscle, side: Side, reason: Reason = Reason.NO_LABEL, region: Region = Region.WHOLE) -> MuscleResult:
    return muscle(which, side, NAN, NAN, NAN, region, status=MuscleStatus.MISSING, reason=reason, method=None, coverage=NAN)


def one_series(**other: Any) -> SeriesReport:
    given: dict[str, Any] = {
        "id": "s1.water",
        "uid": None,
        "kind": "dixon_water",
        "kind_reason": "test",
        "plane": "axial",
        "mars": False,
        "mars_reason": "",
        "shape": (200, 200, 40),
        "spacing_mm": (1.5, 1.5, 5.0),
        "used": True,
        "why_not": "",
        "sources": ("0" * 64,),
    }
    return SeriesReport(**(given | other))


def result(muscles: Iterable[MuscleResult], study: str = "a" * 12, **other: Any) -> StudyResult:
    """A graded study; `provenance` keys may be given as a dict of changes."""
    provenance: dict[str, Any] = {
        "program": "gluteal-grade",
        "version": "0.4.0",
        "git_commit": None,
        "config_hash": "c" * 12,
        "libraries": {},
        "seconds": {},
        "created": "2026-01-01T00:00:00+00:00",
    }
    segmentation: dict[str, Any] = {"source": "labelmap:test", "sha256": "1" * 64, "automatic": False, "regions": {}, "labels": {}}
    given: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "study": study,
        "status": StudyStatus.GRADED,
        "refusal": None,
        "reference_series": "s1.water",
        "slice_axis": 2,
        "fat": FatReport(method="dixon", series=("s1.water",), why="test", facts={}, sides=(Side.RIGHT, Side.LEFT)),
        "fat_beside_metal": None,
        "metal": (),
        "segmentation": SegmentationReport(**(segmentation | other.pop("segmentation", {}))),
        "muscles": tuple(muscles),
        "asymmetry": (),
        "norms": None,
        "statements": (),
        "notes": (),
        "series": (one_series(),),
        "provenance": Provenance(**(provenance | other.pop("provenance", {}))),
    }
    return StudyResult(**(given | other))


def refused_result(reason: Reason, study: str = "f" * 12) -> StudyResult:
    note = NoteModel(reason=reason, detail="", advice=ADVICE[reason])
    return result((), study, status=StudyStatus.REFUSED, refusal=note, fat=None, series=())


def whole(fats: dict[tuple[Muscle, Side], float], sd: float = 0.01) -> list[MuscleResult]:
    """All six whole muscles; 0.1 where nothing else is said."""
    return [muscle(m, side, fats.get((m, side), 0.1), sd) for side in Side for m in GLUTEI]
