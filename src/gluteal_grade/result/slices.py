"""The rows of `slices.csv`: area and fat of each whole muscle, slice by slice."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gluteal_grade.result.models import StudyResult
from gluteal_grade.vocabulary import Column, Muscle, Region, Side

SLICES = (
    Column("study", "text", "Hash of the study"),
    Column("side", "text", "The patient's side", levels={side: side for side in Side}),
    Column("muscle", "text", "Muscle", levels={muscle: muscle.words for muscle in Muscle}),
    Column("slice", "whole", "Plane of `labels.nii.gz` along the slice axis, from 0"),
    Column("position_mm", "number", "Where the plane lies along that axis, towards right, anterior or superior", unit="mm"),
    Column("area_cm2", "number", "Area of the label in this slice", unit="cm2"),
    Column("fat_fraction", "number", "Mean fat fraction of its voxels that have one", unit="1"),
    Column("fat_fraction_core", "number", "Fat fraction of its voxels that are surely inside the muscle", unit="1"),
)
_DIGITS = {"position_mm": 2, "area_cm2": 3, "fat_fraction": 4, "fat_fraction_core": 4}


def slice_rows(result: StudyResult) -> Iterator[dict[str, str]]:
    """One row for each slice of each whole muscle, values as text; what could not be measured is ``NaN``."""
    for m in result.muscles:
        if m.region is not Region.WHOLE:
            continue
        for one in m.profile:
            numbers = {name: _text(getattr(one, name), digits) for name, digits in _DIGITS.items()}
            yield {"study": result.study, "side": m.side, "muscle": m.muscle, "slice": str(one.index), **numbers}


def _text(value: float, digits: int) -> str:
    return "NaN" if math.isnan(value) else f"{value:.{digits}f}"
