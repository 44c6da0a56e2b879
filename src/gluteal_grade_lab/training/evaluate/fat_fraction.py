"""What the labels do to the result: mean fat fraction under automatic and under true labels, on the same Dixon map."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind
from gluteal_grade_lab.training.evaluate.cases import VALIDATION_BODIES, Case, varied
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import MUSCLES, SLIVER_ML, markdown, numbers, scored, short
from gluteal_grade_lab.training.evaluate.workbench import Workbench
from gluteal_grade_lab.training.metrics import muscle_value, scores, whole_muscles

_FIRST_SEED = 700_000
_TARGETS = (1.0, 0.8, 1.5)  # RMSE, points
_PUBLISHED = (1.6, 0.8, 2.1)


def items(draws: int) -> list[Case]:
    """`draws` of each validation body."""
    return [varied(body, "water", n, _FIRST_SEED + 1000 * b + n) for b, body in enumerate(VALIDATION_BODIES) for n in range(draws)]


def measure(case: Case, bench: Workbench) -> list[Row]:
    """Segment the water image; read the map of the pair under both label maps."""
    study = case.draw(bench)
    water, fat = study.dixon
    fraction = fraction_map(water, fat)
    found = bench.find(water)
    automatic, true = whole_muscles(found.labels.array), whole_muscles(study.labels.array)
    rows = []
    for score in scores(found.labels, study.labels, surface=False):
        value = muscle_value(score.muscle, score.side)
        ff, true_ff = _mean(fraction, automatic == value), _mean(fraction, true == value)
        read = {"ff": ff, "true_ff": true_ff, "error": ff - true_ff}
        rows.append(asdict(case) | {"draw": case.key, "refused": found.reason} | asdict(score) | read)
    return rows


def fraction_map(water: Volume, fat: Volume) -> np.ndarray:
    """Fat fraction 0-1 of a pair, as the program measures it; NaN where there is no signal."""
    pair = (_series(SeriesKind.DIXON_WATER, water), _series(SeriesKind.DIXON_FAT, fat))
    return np.asarray(from_water_fat(*pair, load_settings().fat).volume.array)


def _series(kind: SeriesKind, volume: Volume) -> Series:
    return Series(kind.value, kind, "drawn", lambda: volume, grid=volume.grid)


def _mean(fraction: np.ndarray, mask: np.ndarray) -> float:
    """Points; NaN of nothing."""
    values = fraction[mask]
    values = values[np.isfinite(values)]
    return 100 * float(values.mean(dtype=np.float64)) if values.size else math.nan


def render(rows: list[Row]) -> str:
    """Bias, RMSE and worst error per muscle."""
    good = scored(rows)
    lines = []
    for muscle, target, published in zip(MUSCLES, _TARGETS, _PUBLISHED, strict=True):
        errors = numbers([row for row in good if row["muscle"] == muscle], "error")
        if not errors.size:
            continue
        rmse = float(np.sqrt(np.mean(errors**2)))
        worst = float(errors[np.argmax(np.abs(errors))])
        met = "" if rmse <= target else ", **missed**"
        lines.append(
            [short(muscle), errors.size, f"{errors.mean():+.2f}", f"{rmse:.2f} (wanted {target:g}{met})", f"{worst:+.2f}", published]
        )
    table = markdown(["muscle", "muscles", "bias, points", "RMSE, points", "worst, points", "published best RMSE"], lines)
    lost = sum(row["error"] is None for row in good)
    return f"{table}\n\nMuscles of at least {SLIVER_ML:g} ml in view. Not found, and so without an error here: {lost}."


TABLE = Table("ff", "Fat fraction, automatic against true labels", items, measure, render)
