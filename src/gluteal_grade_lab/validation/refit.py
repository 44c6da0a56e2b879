"""Records under other width factors than those they were measured with: intervals and grade probabilities, without measuring again."""

from __future__ import annotations

import copy
import math

from gluteal_grade.config import UncertaintySettings
from gluteal_grade.grading.probability import grade_probabilities, other_grade
from gluteal_grade.grading.scales import Scales
from gluteal_grade.measurement.interval import bounds
from gluteal_grade.statistics.split_normal import SplitNormal
from gluteal_grade.vocabulary import Muscle
from gluteal_grade_lab.validation.calibration import unit
from gluteal_grade_lab.validation.measured import Record


def refitted(records: list[Record], settings: UncertaintySettings, scales: Scales) -> list[Record]:
    """Copies of the records with the intervals that these settings give; a part whose factor was 0 when it was measured stays 0."""
    made = copy.deepcopy(records)
    for record in made:
        for run in record["runs"]:
            for row in run["rows"]:
                if row["ff"] is not None:
                    _refit(record, row, run["labels"], settings, scales)
        record["factors"] = settings.model_dump()
    return made


def _refit(record: Record, row: Record, labels: str, settings: UncertaintySettings, scales: Scales) -> None:
    of_labels = (settings.given if labels == "true" else settings.automatic[Muscle(row["muscle"])]).model_dump()
    model = settings.model(row["method"])
    factors = of_labels | {"map": model.spread, "not_seen": model.not_seen}
    parts = dict(row["parts"])
    for name, factor in factors.items():
        below, above = unit(record, row, labels, name)
        parts[name] = (factor * below, factor * above)
    method = math.hypot(model.offset, model.gain * min(max(row["ff"], 0.0), 1.0))
    parts["method"] = (method, method)
    below, above = (math.sqrt(sum(p[side] ** 2 for p in parts.values())) for side in (0, 1))
    low, high = bounds(row["ff"], below, above, settings.confidence)
    row |= {"parts": parts, "low": low, "high": high}
    for name, scale in scales.scales.items():
        graded = row["grades"][name]
        if scale.active.measure == "fat_fraction":
            p = grade_probabilities(scale.active, SplitNormal(row["ff"], below, above).cdf)
            graded |= {"p": list(p), "borderline": other_grade(p, graded["grade"], settings.borderline)}
