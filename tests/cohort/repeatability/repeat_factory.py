"""Cohorts of repeated scans with a known within-subject SD, written as a batch writes them."""

from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.vocabulary import GLUTEI
from tests.cohort.stats.cohort_factory import muscle_row, study_row, write_tables

FAT_SD, VOLUME_CV = 0.008, 0.02


def repeats(folder: Path, subjects: int = 12, scans: int = 2, *, seed: int = 1, columns: bool = True, core: bool = True) -> Path:
    """Every subject scanned `scans` times; both sides of the three muscles."""
    rng = np.random.default_rng(seed)
    studies, muscles = [], []
    for n in range(subjects):
        own = 0.15 + 0.1 * rng.random()
        size = rng.normal(1, 0.2)
        for k in range(scans):
            study = f"{n:08x}{k:04x}"
            told: dict[str, Any] = {"subject": f"S{n:02d}", "session": "1", "repeat": str(k + 1)} if columns else {}
            studies.append(study_row(study, patient=f"P{n}", source=f"scan{n}_{k}", **told))
            for m, muscle in enumerate(GLUTEI):
                for side in ("right", "left"):
                    fat = own + FAT_SD * rng.normal()
                    volume = (700.0, 300.0, 90.0)[m] * size * (1 + VOLUME_CV * rng.normal())
                    own_fat = {"fat_fraction_core": f"{fat - 0.03:.4f}", "lean_volume_core_ml": f"{volume * (1.03 - fat):.2f}"}
                    muscles.append(
                        muscle_row(study, side, str(muscle), fat, volume, **(own_fat if core else dict.fromkeys(own_fat, "NaN")))
                    )
    return write_tables(folder, studies, muscles)
