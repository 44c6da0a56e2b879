"""Cohorts of several sites with known effects, written as a batch writes them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gluteal_grade.vocabulary import GLUTEI
from tests.cohort.stats.cohort_factory import muscle_row, study_row, write_tables

SCANNERS = (("SIEMENS", "Skyra", "syngo MR E11", "2.89"), ("Philips", "Ingenia", "5.7.1", "3.00"), ("GE", "Artist", "29 LX MR", "1.50"))
VOLUMES = (700.0, 300.0, 90.0)


def sites(
    folder: Path,
    counts: Mapping[str, int],
    *,
    fat_points: Mapping[str, float] | None = None,
    volume_share: Mapping[str, float] | None = None,
    spread: Mapping[str, float] | None = None,
    seed: int = 1,
    of_study: Callable[[int, str], dict[str, Any]] | None = None,
    of_muscle: Callable[[int, str], dict[str, Any]] | None = None,
) -> Path:
    """`counts`: site -> people, of a scanner of its own.

    Everybody: fat 20 % + 0.2 points a year above 60, women 2 points more, a person's own 4 points, a muscle's own 1.5; volume with a CV
    of 12 %, men 15 % more. `fat_points`, `volume_share`, `spread`: what a site adds to fat, to volume (of itself), and how many times
    a person's own deviations there are.
    """
    rng = np.random.default_rng(seed)
    studies, muscles = [], []
    number = 0
    for s, (site, count) in enumerate(counts.items()):
        maker, model, software, tesla = SCANNERS[s % len(SCANNERS)]
        wide = (spread or {}).get(site, 1.0)
        for _ in range(count):
            number += 1
            study, sex, age = f"{number:06d}", str(rng.choice(["F", "M"])), int(rng.integers(40, 81))
            own, size = rng.normal(), rng.normal()
            facts = {"site": site, "sex": sex, "age": age, **(of_study(number, site) if of_study else {})}
            studies.append(study_row(study, **facts))
            for m, muscle in enumerate(GLUTEI):
                for side in ("right", "left"):
                    fat = 20 + 0.2 * (facts["age"] - 60 if isinstance(facts["age"], int) else 0) + (2 if facts["sex"] == "F" else 0) + 3 * m
                    fat += wide * (4 * own + 1.5 * rng.normal()) + (fat_points or {}).get(site, 0.0)
                    volume = VOLUMES[m] * (1.15 if facts["sex"] == "M" else 1) * (1 + 0.12 * size + 0.02 * rng.normal())
                    volume *= 1 + (volume_share or {}).get(site, 0.0)
                    header = {"manufacturer": maker, "scanner_model": model, "software": software, "field_strength_t": tesla}
                    more = of_muscle(number, site) if of_muscle else {}
                    muscles.append(muscle_row(study, side, str(muscle), max(fat, 0.5) / 100, volume, **header | more))
    return write_tables(folder, studies, muscles)
