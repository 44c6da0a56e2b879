"""The same bodies in thin and thick, axial and coronal slices, by Dixon and T1: what should not move the fat fraction, and how far it does.

python -m gluteal_grade_lab measure core --bodies 4 --labels true      # a body takes some 3 minutes on one core; auto: the networks
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.pipeline import grade_study
from gluteal_grade.segmentation import Segmenter
from gluteal_grade.segmentation.bundle import BundleSegmenter
from gluteal_grade.vocabulary import GLUTEI, Region
from gluteal_grade_lab.checkout import ROOT
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.study import make_study
from gluteal_grade_lab.phantom.swapped import SwapKind
from gluteal_grade_lab.validation.design import BOX, design, spec
from gluteal_grade_lab.validation.measured import TrueLabels, as_study
from gluteal_grade_lab.validation.rows import markdown

FIRST_SEED = 70_000  # nothing was chosen or calibrated on these
GRIDS = {"axial 3 mm": (2.0, 2.0, 3.0), "axial 5 mm": (2.0, 2.0, 5.0), "axial 7 mm": (2.0, 2.0, 7.0), "coronal 5 mm": (2.0, 5.0, 2.0)}
PAIRS = (
    ("3 against 7 mm", ("axial 3 mm", "water"), ("axial 7 mm", "water")),
    ("axial against coronal", ("axial 5 mm", "water"), ("coronal 5 mm", "water")),
    ("T1 against Dixon", ("axial 5 mm", "t1"), ("axial 5 mm", "water")),
)


@dataclass(frozen=True)
class Row:
    """One muscle in one series of one body: fractions and ml; NaN where it was not measured."""

    seed: int
    grid: str
    series: str
    side: str
    muscle: str
    true: float
    mean: float
    core: float
    volume_ml: float


def rows(seed: int, labels: str) -> Iterator[Row]:
    """Every muscle of one body, in every grid and series."""
    settings = load_settings()
    drawn = replace(design(seed), swap=SwapKind.NONE, metal="none", side=None, alloy=None)
    for grid, spacing in GRIDS.items():
        phantom = make_study(replace(spec(drawn), grid=axial_grid(*BOX, spacing)))
        study = as_study(phantom, replace(drawn, slice_mm=max(spacing)))
        segmenter: Segmenter = TrueLabels(phantom.labels) if labels == "true" else BundleSegmenter(settings.segmentation, settings.checks)
        true = {(t.part.side, t.part.muscle): t.continuous.fat_fraction for t in phantom.truth if t.part.region is Region.WHOLE}
        for series in ("water", "t1"):
            for m in grade_study(study, settings, segmenter, series).result.muscles:
                if m.region is Region.WHOLE and (m.side, m.muscle) in true:
                    numbers = (true[m.side, m.muscle], m.fat_fraction, m.fat_fraction_core, m.volume_ml)
                    yield Row(seed, grid, series, m.side, m.muscle, *numbers)


def table(found: Sequence[Row]) -> str:
    """Medians and largest differences of one body's muscles between two ways to image it, points; volumes in percent."""
    at = {(r.grid, r.series, r.seed, r.side, r.muscle): r for r in found}
    lines = []
    for title, one, other in PAIRS:
        for muscle in GLUTEI:
            pairs = [(r, at[(*other, *key[2:])]) for key, r in at.items() if key[:2] == one and r.muscle == muscle]
            core, mean = (np.array([100 * abs(getattr(a, q) - getattr(b, q)) for a, b in pairs]) for q in ("core", "mean"))
            volume = np.array([200 * abs(a.volume_ml - b.volume_ml) / (a.volume_ml + b.volume_ml) for a, b in pairs])
            lines.append([title, muscle.words, len(pairs), *(_told(part) for part in (core, mean, volume))])
    heads = ["what differs", "muscle", "muscles", "core value, points", "mean over the label, points", "volume, %"]
    return markdown(heads, lines)


def _told(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    lost = f", {values.size - known.size} not measured" if known.size < values.size else ""
    return f"{np.median(known):.2f} (up to {known.max():.2f}){lost}" if known.size else "not measured"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bodies", type=int, default=4)
    parser.add_argument("--labels", choices=("true", "auto"), default="true")
    parser.add_argument("--records", type=Path, default=ROOT / "build" / "measure_core.jsonl")
    asked = parser.parse_args(arguments)
    path = asked.records.with_stem(f"{asked.records.stem}_{asked.labels}")
    held = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    found = [Row(**one) for one in held]
    path.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(FIRST_SEED, FIRST_SEED + asked.bodies):
        if seed not in {r.seed for r in found}:
            new = list(rows(seed, asked.labels))
            with path.open("a") as file:
                file.writelines(json.dumps(vars(r)) + "\n" for r in new)
            found += new
            print(f"body {seed}", flush=True)
    errors = {q: np.array([100 * (getattr(r, q) - r.true) for r in found if r.series == "water"]) for q in ("core", "mean")}
    print(*(f"{q}: RMSE against the anatomy {np.sqrt(np.nanmean(e**2)):.2f} points (Dixon)" for q, e in errors.items()), sep="\n")
    print(table([r for r in found if r.seed < FIRST_SEED + asked.bodies]))


if __name__ == "__main__":
    main()
