"""The same bodies in one piece and in two stitched stations: how far volumes and fat fractions move.

python -m gluteal_grade_lab measure stations --bodies 4      # a body takes some 3 minutes on one core
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.io.stations import with_stations
from gluteal_grade.io.study import Study
from gluteal_grade.pipeline import grade_study
from gluteal_grade.result import StudyResult
from gluteal_grade.segmentation.bundle import BundleSegmenter
from gluteal_grade.vocabulary import Region, SeriesKind
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.stations import Cut, make_stations
from gluteal_grade_lab.phantom.study import make_study
from gluteal_grade_lab.phantom.swapped import SwapKind
from gluteal_grade_lab.validation.design import BOX, design, spec
from gluteal_grade_lab.validation.measured import as_study
from gluteal_grade_lab.validation.rows import markdown

FIRST_SEED = 71_000  # nothing was chosen or calibrated on these
CUTS = {
    "whole, other noise": None,
    "cut, nothing else": Cut(shift=(0, 0, 0), gain=1.0),
    "brightness 1.3": Cut(shift=(0, 0, 0)),
    "half a voxel along the body": Cut(shift=(0, 0, 0.5), gain=1.0),
    "half a voxel each way, 1.3": Cut(),
    "half a voxel each way, 1.3, offset 3 %": Cut(offset=0.03),
}
_DIXON = (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT)


@dataclass(frozen=True)
class Row:
    """One muscle: percent of volume and points of fat by which the cut study differs from the whole one."""

    cut: str
    volume_percent: float
    fat_points: float
    core_points: float


def body(seed: int, spacing_mm: tuple[float, float, float]) -> list[Row]:
    """Every muscle of one body, in every cut; labels by the networks."""
    drawn = replace(design(seed), swap=SwapKind.NONE, metal="none", side=None, alloy=None, slice_mm=spacing_mm[2])
    made = replace(spec(drawn), grid=axial_grid(*BOX, spacing_mm))
    made = replace(made, supersample=(2, 2, 2), series=tuple(s for s in made.series if s.kind in _DIXON))
    whole = _graded(as_study(make_study(made), drawn))
    found = []
    for name, cut in CUTS.items():
        study = as_study(make_study(replace(made, seed=made.seed + 500_000)) if cut is None else make_stations(made, cut), drawn)
        found += _compared(name, whole, _stitched(study) if cut else _graded(study))
    return found


def _stitched(study: Study) -> StudyResult:
    series, notes = with_stations(study.series)
    return _graded(replace(study, series=tuple(series), notes=notes))


def _graded(study: Study) -> StudyResult:
    settings = load_settings()
    return grade_study(study, settings, BundleSegmenter(settings.segmentation, settings.checks)).result


def _compared(name: str, whole: StudyResult, cut: StudyResult) -> list[Row]:
    at = {(m.side, m.muscle): m for m in cut.muscles if m.region is Region.WHOLE}
    rows = []
    for one in whole.muscles:
        if one.region is Region.WHOLE:
            other = at[one.side, one.muscle]
            volume = 100 * (other.volume_ml / one.volume_ml - 1)
            points = 100 * (other.fat_fraction - one.fat_fraction), 100 * (other.fat_fraction_core - one.fat_fraction_core)
            rows.append(Row(name, volume, *points))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Medians and largest differences, by cut."""
    lines = []
    for name in CUTS:
        mine = [r for r in rows if r.cut == name]
        columns = [np.abs([getattr(r, q) for r in mine]) for q in ("volume_percent", "fat_points", "core_points")]
        lines.append([name, len(mine), *(f"{np.nanmedian(c):.2f} (up to {np.nanmax(c):.2f})" if len(c) else "-" for c in columns)])
    return markdown(["stations", "muscles", "volume, %", "fat fraction, points", "core value, points"], lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bodies", type=int, default=4)
    parser.add_argument("--slice-mm", type=float, default=3.0)
    parser.add_argument("--in-plane-mm", type=float, default=2.0)
    asked = parser.parse_args(arguments)
    rows: list[Row] = []
    for seed in range(FIRST_SEED, FIRST_SEED + asked.bodies):
        rows += body(seed, (asked.in_plane_mm, asked.in_plane_mm, asked.slice_mm))
        print(f"body {seed}", flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
