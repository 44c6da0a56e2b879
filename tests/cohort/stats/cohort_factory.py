"""Small cohorts with known effects, written as a batch writes them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gluteal_grade.result.columns import muscle_columns
from gluteal_grade.vocabulary import GLUTEI

COLUMNS = tuple(column.name for column in muscle_columns())

STUDY = (
    "study", "source", "state", "reason", "patient", "days", "sex", "age", "group", "operated_side", "method", "automatic",
    "needs_review", "folder", "input_hash", "config_hash", "model_hash", "version",
)  # fmt: skip


def study_row(study: str, **values: Any) -> dict[str, Any]:
    base = {
        "source": "dicom", "state": "graded", "reason": "", "patient": f"P{study}", "days": 0, "sex": "F", "age": 60, "group": "",
        "operated_side": "", "method": "dixon", "automatic": "true", "needs_review": 0, "folder": study, "input_hash": "i" + study,
        "config_hash": "c0ffee", "model_hash": "beef", "version": "0.9.0",
    }  # fmt: skip
    return {"study": study, **base, **values}


def muscle_row(study: str, side: str, muscle: str, fat: float, volume: float, region: str = "whole", **values: Any) -> dict[str, Any]:
    grade = int(np.searchsorted([0.1, 0.25, 0.5, 0.75], fat)) if fat == fat else None
    base: dict[str, Any] = dict.fromkeys(COLUMNS, "NaN") | {
        "study": study, "side": side, "muscle": muscle, "region": region, "volume_ml": f"{volume:.2f}",
        "lean_volume_ml": f"{volume * (1 - fat):.2f}", "fat_fraction": f"{fat:.4f}",
        "quartile": "NaN" if grade is None else grade, "goutallier": "NaN" if grade is None else grade,
        "bal_lowe": "NaN" if grade is None else min(grade, 3),
        "fat_fraction_core": f"{fat:.4f}", "lean_volume_core_ml": f"{volume * (1 - fat):.2f}", "fat_measure": "fat_fraction_core",
        "coverage": "1.000", "status": "graded", "reason": "", "method": "dixon", "grade_mark": "", "checks": "", "borderline": "",
    }  # fmt: skip
    return base | values


def write_tables(folder: Path, studies: list[dict[str, Any]], muscles: list[dict[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(studies, columns=[*STUDY, *(k for k in studies[0] if k not in STUDY)]).to_csv(folder / "studies.csv", index=False)
    pd.DataFrame(muscles, columns=list(COLUMNS)).to_csv(folder / "cohort.csv", index=False)
    return folder


def cohort(
    folder: Path,
    groups: dict[str, int],
    *,
    shift: float = 0.08,
    side_shift: float = 0.0,
    repeats: int = 1,
    regions: bool = False,
    seed: int = 1,
) -> Path:
    """`groups`: name -> patients. Each later group has `shift` more fat; the right side `side_shift` more."""
    rng = np.random.default_rng(seed)
    studies, muscles = [], []
    number = 0
    for g, (group, count) in enumerate(groups.items()):
        for _ in range(count):
            number += 1
            sex, age, own = rng.choice(["F", "M"]), rng.integers(45, 85), rng.normal(0, 0.05)
            operated = rng.choice(["right", "left", "both", ""])
            for visit in range(repeats):
                study = f"{number:04d}{visit:02d}"
                studies.append(
                    study_row(study, patient=f"P{number}", days=30 * visit, sex=sex, age=age, group=group, operated_side=operated)
                )
                for m, muscle in enumerate(GLUTEI):
                    volume = (700.0, 300.0, 90.0)[m] * (1.1 if sex == "M" else 1) * rng.normal(1, 0.1)
                    for side in ("right", "left"):
                        fat = 0.2 + 0.03 * m + own + shift * g + (side_shift if side == "right" else 0) + rng.normal(0, 0.03)
                        fat += 0.04 if operated == side else 0
                        fat = float(np.clip(fat, 0.01, 0.95))
                        here = volume * rng.normal(1, 0.03)
                        muscles.append(muscle_row(study, side, str(muscle), fat, here))
                        for region in muscle.facts.divisions[0] if regions else ():
                            part = float(np.clip(fat + rng.normal(0, 0.03), 0.01, 0.95))
                            muscles.append(muscle_row(study, side, str(muscle), part, here / 3, str(region)))
    return write_tables(folder, studies, muscles)
