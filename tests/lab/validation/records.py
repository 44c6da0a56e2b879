"""Records of an invented cohort whose errors are known: normal, with the SD that its intervals state times `truth_sd`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.grading.probability import grade_probabilities, other_grade
from gluteal_grade.grading.scales import load_scales
from gluteal_grade.measurement.interval import bounds
from gluteal_grade.statistics.split_normal import SplitNormal

SCALES = load_scales()
MUSCLES = ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")


def record(seed: int, truth_sd: float = 1.0, stated: float = 0.02, asked: str = "dixon", **design: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    rows = []
    for side in ("right", "left"):
        for muscle in MUSCLES:
            true = float(rng.uniform(0.1, 0.85))
            rows.append(row(true + float(rng.normal(0, truth_sd * stated)), true, stated, side, muscle))
    facts = {
        "seed": seed,
        "snr": 20.0,
        "bias_percent": 10.0,
        "slice_mm": 4.0,
        "fat": "clinical",
        "metal": "none",
        "swap": "none",
        "alloy": None,
    }
    return {
        "seed": seed,
        "design": facts | design,
        "runs": [{"asked": asked, "labels": "true", "refusal": None, "notes": [], "rows": rows}],
        "factors": _factors(),
    }


def _factors() -> dict[str, Any]:
    """As shipped, but for the map's own spread: it was taken as it is, so that a part's width is its width per unit."""
    factors = load_settings().uncertainty.model_dump()
    for method in factors["methods"].values():
        method["spread"] = 1.0
    return factors


def row(ff: float, true: float, stated: float, side: str = "left", muscle: str = MUSCLES[0]) -> dict[str, Any]:
    low, high = bounds(ff, stated, stated, 0.95)
    nothing = dict.fromkeys(("partial_volume", "border", "segmentation", "method", "noise", "not_seen"), (0.0, 0.0))
    return {
        "side": side,
        "muscle": muscle,
        "method": "dixon",
        "metal": False,
        "status": "graded",
        "reason": None,
        "evaluable": 1.0,
        "ff": ff,
        "low": low,
        "high": high,
        "parts": nothing | {"map": (stated, stated)},
        "true": true,
        "true_on_labels": true,
        "grades": {name: _grade(name, ff, true, stated) for name in SCALES.scales},
    }


def _grade(name: Any, ff: float, true: float, stated: float) -> dict[str, Any]:
    profile = SCALES.scales[name].active
    p = grade_probabilities(profile, SplitNormal(ff, stated, stated).cdf)
    return {"grade": profile.grade(ff), "true": profile.grade(true), "p": list(p), "borderline": other_grade(p, profile.grade(ff), 0.2)}


COHORT = [record(seed) for seed in range(80)]


def cells(table: str, first: str, second: str) -> list[str]:
    """The row of a markdown table that starts with these two."""
    line = next(x for x in table.splitlines() if x.startswith(f"| {first} | {second} |"))
    return [c.strip() for c in line.strip("|").split("|")]
