"""Simulated readers as tests need them: in memory, and as a CSV."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from gluteal_grade.grading import Scales, load_scales
from gluteal_grade.review.calibration import CalibrationOptions, CalibrationReport, calibrate_scales
from gluteal_grade_lab.measuring.calibration import Reading, simulated

HEADER = "reader,read,study,muscle,side,scale,grade"
FAST = CalibrationOptions(draws=200)


def only(*keys: str) -> Scales:
    scales = load_scales()
    return scales.model_copy(update={"scales": {key: scales.scales[key] for key in keys}})


@lru_cache(maxsize=8)
def reading(studies: int = 40, readers: int = 2, seed: int = 3, scales: tuple[str, ...] = ("quartile",), offset: float = 0.0) -> Reading:
    return simulated(studies, readers, seed, only(*scales), offset=offset)


def calibrated(one: Reading, scales: Scales | None = None, options: CalibrationOptions = FAST) -> CalibrationReport:
    return calibrate_scales(one.ratings, one.fractions, scales or load_scales(), options)


def lines(one: Reading, *, program: bool = True) -> Iterable[str]:
    """Rows of ratings.csv; the program's fractions too."""
    names = one.ratings.names
    for table in one.ratings.scales:
        for study, muscle, side, grades in zip(table.study, table.muscle, table.side, table.values, strict=True):
            for rater, grade in zip(table.raters, grades, strict=True):
                if np.isfinite(grade):
                    yield f"{rater.reader},{rater.read},{names[study]},{muscle},{side},{table.scale.name},{int(grade)}"
    for (study, muscle, side), measured in one.fractions.muscles.items() if program else ():
        yield f"program,1,{study},{muscle},{side},fat_fraction_core,{measured.values['fat_fraction_core']:.6f}"


def ratings_file(path: Path, rows: Iterable[str]) -> Path:
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def cohort_file(folder: Path, one: Reading) -> Path:
    """A `cohort.csv` with the columns that count."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["study,side,muscle,region,status,fat_fraction,fat_fraction_core,method"]
    for (study, muscle, side), measured in one.fractions.muscles.items():
        rows.append(f"{study},{side},{muscle},whole,graded,0.9,{measured.values['fat_fraction_core']:.4f},dixon")
        rows.append(f"{study},{side},{muscle},middle,graded,0.9,0.9000,dixon")
    (folder / "cohort.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
