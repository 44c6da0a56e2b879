"""Healthy cohorts whose curves are known, written as a batch writes them."""

from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.vocabulary import GLUTEI, Muscle
from tests.cohort.stats.cohort_factory import muscle_row, study_row, write_tables

SIZES = {Muscle.GLUTEUS_MAXIMUS: 700.0, Muscle.GLUTEUS_MEDIUS: 300.0, Muscle.GLUTEUS_MINIMUS: 90.0}
VOLUME_CV = 0.12
ALL = GLUTEI


def median_fat(age: float) -> float:
    return 0.06 + 0.001 * (age - 20)


def median_volume(muscle: Muscle, sex: str, age: float) -> float:
    return SIZES[muscle] * (1.0 if sex == "M" else 0.7) * (1 - 0.003 * (age - 20))


OF_MUSCLE = ("method", "field_strength_t", "series_kind", "status", "fat_fraction_core", "volume_ml")


def healthy(folder: Path, women: int = 60, men: int = 60, *, seed: int = 1, muscles: tuple[Muscle, ...] = ALL, **facts: Any) -> Path:
    """Everybody once, both sides. `facts`: cells of all studies' or muscles' rows; a function of a person's number gives each its own."""
    rng = np.random.default_rng(seed)
    studies, rows = [], []
    for n in range(women + men):
        own = {name: value(n) if callable(value) else value for name, value in facts.items()}
        sex, age = "F" if n < women else "M", float(np.round(rng.uniform(20, 80), 1))
        study = f"{seed:04x}{n:08x}"
        of_muscle = {name: own.pop(name) for name in OF_MUSCLE if name in own}
        base = {"patient": f"P{seed}_{n}", "sex": sex, "age": age, "operated_side": "", "height_m": "", "weight_kg": "", "lean_kg": ""}
        studies.append(study_row(study, **base | own))
        z = rng.normal(size=2)
        for muscle in muscles:
            for side in ("right", "left"):
                zf, zv = 0.95 * z + 0.3 * rng.normal(size=2)
                fat, volume = median_fat(age) * (1 + 0.15 * zf), median_volume(muscle, sex, age) * (1 + VOLUME_CV * zv)
                known = {"field_strength_t": "3.00", "series_kind": "dixon_fat+dixon_water"}
                rows.append(muscle_row(study, side, str(muscle), float(fat), float(volume), **known | of_muscle))
    return write_tables(folder, studies, rows)
