"""One study of the cohort, made, graded and compared with its truth: one JSON-ready record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gluteal_grade.config import Settings, load_settings
from gluteal_grade.geometry import Volume
from gluteal_grade.grading.scales import Scales, load_scales
from gluteal_grade.io.study import Acquisition, Series, Study
from gluteal_grade.pipeline import grade_study
from gluteal_grade.result.models import MuscleResult, StudyResult
from gluteal_grade.segmentation.bundle import BundleSegmenter
from gluteal_grade.segmentation.protocol import Segmentation, Segmenter
from gluteal_grade.vocabulary import Region, SeriesKind, Side
from gluteal_grade_lab.phantom.study import PhantomStudy, SeriesSpec, make_study
from gluteal_grade_lab.phantom.swapped import Swap, SwapKind, swapped_voxels, with_swap
from gluteal_grade_lab.phantom.truth import PartTruth
from gluteal_grade_lab.validation.design import Design, spec

Record = dict[str, Any]


@dataclass(frozen=True)
class TrueLabels:
    """The phantom's own labels, as a segmenter."""

    labels: Volume

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """The labels on the first preferred series."""
        assert study.series
        return Segmentation(self.labels, preferred[0], "phantom", "0" * 64)


def measured(d: Design, labels: tuple[str, ...] = ("true",), methods: tuple[str, ...] = ("dixon", "t1")) -> Record:
    """Make, grade and compare one study.

    Args:
        d: the study.
        labels: `true` and / or `auto` (the shipped networks).
        methods: `dixon` and / or `t1`, `gmm3`, `kmeans3`: measured one after the other by naming the series; studies with metal are
            graded as the program chooses instead, so that its choice is measured.
    """
    start = time.perf_counter()
    phantom = make_study(spec(d))
    study = as_study(phantom, d)
    made = time.perf_counter()
    settings, scales = load_settings(), load_scales()
    segmenters: dict[str, Segmenter] = {
        "true": TrueLabels(phantom.labels),
        "auto": BundleSegmenter(settings.segmentation, settings.checks),
    }
    asked = [("chosen", None)] if d.metal != "none" else [(m, "water" if m == "dixon" else "t1") for m in methods]
    runs = []
    for source in labels:
        for name, series in asked:
            result = grade_study(study, _settings_for(name, settings), segmenters[source], series).result
            runs.append(_run(name, source, result, phantom.truth, scales, d))
    seconds = {"make": round(made - start, 1), "grade": round(time.perf_counter() - made, 1)}
    return {"seed": d.seed, "design": d.as_dict(), "runs": runs, "seconds": seconds, "factors": settings.uncertainty.model_dump()}


def as_study(phantom: PhantomStudy, d: Design) -> Study:
    """The phantom's series, in memory, as discovery would hand them on; with the water-fat exchange of the design."""
    arrays = {image.spec.name: image.volume.array.astype(np.float32) for image in phantom.images}
    if d.swap is not SwapKind.NONE:
        where = swapped_voxels(_swap(d), phantom.labels.grid)
        arrays["water"], arrays["fat"] = with_swap(arrays["water"], arrays["fat"], where)
    return Study(f"{d.seed:012x}"[-12:], tuple(_series(i.spec, i.volume.with_array(arrays[i.spec.name]), d) for i in phantom.images), d.sex)


def _series(made: SeriesSpec, volume: Volume, d: Design) -> Series:
    facts = made.protocol
    assert facts is not None
    acquisition = Acquisition(
        modality="MR",
        field_strength_t=d.field_t,
        te_ms=facts.te_ms,
        tr_ms=facts.tr_ms,
        flip_angle_deg=facts.flip_deg,
        bandwidth_hz_per_pixel=made.bandwidth_hz,
        slice_thickness_mm=d.slice_mm,
    )
    mars = made.kind is SeriesKind.T1 and d.metal == "mars"
    return Series(
        made.name,
        made.kind,
        "phantom",
        lambda: volume,
        mars=mars,
        mars_reason="phantom" if mars else "",
        grid=volume.grid,
        frame_of_reference="1.2",
        acquisition=acquisition,
    )


def _swap(d: Design) -> Swap:
    rng = np.random.default_rng([0x5A4, d.seed])
    side = 1 if rng.random() < 0.5 else -1
    low = float(rng.uniform(-60, 40))
    centre = (side * float(rng.uniform(60, 110)), float(rng.uniform(-60, 20)), float(rng.uniform(-20, 60)))
    return Swap(d.swap, side, (low, low + float(rng.uniform(30, 60))), centre, float(rng.uniform(35, 60)), d.seed)


def _settings_for(name: str, settings: Settings) -> Settings:
    if name not in ("gmm3", "kmeans3"):
        return settings
    t1 = settings.fat.t1.model_copy(update={"method": name})
    return settings.model_copy(update={"fat": settings.fat.model_copy(update={"t1": t1})})


def _run(name: str, source: str, result: StudyResult, truth: tuple[PartTruth, ...], scales: Scales, d: Design) -> Record:
    exact = {(t.part.side, t.part.muscle, t.part.region): t for t in truth}
    rows = [
        _row(m, exact[m.side, m.muscle, m.region], scales, d)
        for m in result.muscles
        if (m.side, m.muscle, m.region) in exact and m.region is Region.WHOLE
    ]
    return {
        "asked": name,
        "labels": source,
        "refusal": result.refusal.reason.value if result.refusal else None,
        "notes": list(dict.fromkeys(n.reason.value for n in result.notes)),
        "rows": rows,
    }


def _row(m: MuscleResult, true: PartTruth, scales: Scales, d: Design) -> Record:
    graded = {g.scale: g for g in m.grades}
    return {
        "side": m.side.value,
        "muscle": m.muscle.value,
        "method": m.method,
        "metal": d.side is Side(m.side),
        "status": m.status.value,
        "reason": m.reason.value if m.reason else None,
        "evaluable": _number(m.evaluable_share),
        "volume_ml": _number(m.volume_ml),
        "true_volume_ml": _number(true.continuous.volume_ml),
        "ff": _number(m.fat_fraction),
        "low": _number(m.fat_fraction_low),
        "high": _number(m.fat_fraction_high),
        "parts": {k: (round(p.below, 6), round(p.above, 6)) for k, p in m.interval_parts.items()},
        "core": _number(m.fat_fraction_core),
        "core_low": _number(m.fat_fraction_core_low),
        "core_high": _number(m.fat_fraction_core_high),
        "core_parts": {k: (round(p.below, 6), round(p.above, 6)) for k, p in m.core_interval_parts.items()},
        "true": _number(true.continuous.fat_fraction),
        "true_on_labels": _number(true.on_labels.fat_fraction),
        "grades": {
            name: {
                "grade": graded[name].grade,
                "true": scales.grade(name, true.continuous.fat_fraction, true.continuous.fat_area_fraction),
                "p": [round(p, 4) for p in graded[name].probabilities],
                "borderline": graded[name].borderline_with,
            }
            for name in scales.scales
        },
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)


def rows_of(records: list[Record], **wanted: str) -> Iterator[tuple[Record, Record, Record]]:
    """Record, run and row of every muscle, of runs whose fields are as wanted."""
    for record in records:
        for run in record["runs"]:
            if all(run[k] == v for k, v in wanted.items()):
                for row in run["rows"]:
                    yield record, run, row
