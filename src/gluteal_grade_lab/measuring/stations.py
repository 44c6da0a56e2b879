"""The same bodies in one piece and in two stitched stations: how far volumes and fat fractions move.

python -m gluteal_grade_lab measure stations --bodies 4      # a body takes some 3 minutes on one core
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gluteal_grade.config import load_settings
from gluteal_grade.io.stations import with_stations
from gluteal_grade.pipeline import grade_study
from gluteal_grade.segmentation import Segmenter
from gluteal_grade.segmentation.bundle import BundleSegmenter
from gluteal_grade.vocabulary import GLUTEI, Region, SeriesKind
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.stations import Cut, examined_in_stations, examined_whole, make_fine
from gluteal_grade_lab.phantom.study import PhantomStudy
from gluteal_grade_lab.phantom.swapped import SwapKind
from gluteal_grade_lab.validation.design import BOX, Design, design, spec
from gluteal_grade_lab.validation.measured import TrueLabels, as_study
from gluteal_grade_lab.validation.rows import markdown

FIRST_SEED = 71_000  # nothing was chosen or calibrated on these
SNR = 30.0
CUTS: dict[str, Cut | None] = {
    "not cut, other noise": None,
    "cut": Cut(shift=(0, 0, 0), gain=1.0),
    "cut, half a voxel each way, 1.3 times as bright": Cut(),
    "the same and an offset of 3 %": Cut(offset=0.03),
}
_DIXON = (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT)


@dataclass(frozen=True)
class Row:
    """One gluteus: percent of volume and points of fat by which the cut study differs from the whole one."""

    labels: str
    cut: str
    volume_percent: float
    fat_points: float
    core_points: float


def body(seed: int, spacing_mm: tuple[float, float, float]) -> Iterator[Row]:
    """Every gluteus of one body, in every cut; with the true labels and with those of the networks."""
    drawn = replace(design(seed), swap=SwapKind.NONE, metal="none", side=None, alloy=None, slice_mm=spacing_mm[2])
    made = replace(spec(drawn), grid=axial_grid(*BOX, spacing_mm))
    fine = make_fine(replace(made, series=tuple(s for s in made.series if s.kind in _DIXON)))
    whole = examined_whole(fine, SNR, seed)
    taken = {
        name: examined_whole(fine, SNR, seed + 1) if cut is None else examined_in_stations(fine, cut, SNR, seed + 1)
        for name, cut in CUTS.items()
    }
    settings = load_settings()
    networks = BundleSegmenter(settings.segmentation, settings.checks)
    for labels in ("true", "networks"):
        at = _by_muscle(whole, drawn, TrueLabels(whole.labels) if labels == "true" else networks)
        for name, study in taken.items():
            found = _by_muscle(study, drawn, TrueLabels(study.labels) if labels == "true" else networks)
            for key, (ml, mean, core) in at.items():
                other = found[key]
                yield Row(labels, name, 100 * (other[0] / ml - 1), 100 * (other[1] - mean), 100 * (other[2] - core))


def _by_muscle(taken: PhantomStudy, drawn: Design, segmenter: Segmenter) -> dict[tuple[str, str], tuple[float, float, float]]:
    study = as_study(taken, drawn)
    series, notes = with_stations(study.series)
    result = grade_study(replace(study, series=tuple(series), notes=notes), load_settings(), segmenter).result
    whole = (m for m in result.muscles if m.region is Region.WHOLE and m.muscle in GLUTEI)
    return {(m.side, m.muscle): (m.volume_ml, m.fat_fraction, m.fat_fraction_core) for m in whole}


def table(rows: Sequence[Row]) -> str:
    """Medians and largest differences, by labels and cut."""
    lines = []
    for labels in ("true", "networks"):
        for name in CUTS:
            mine = [r for r in rows if (r.labels, r.cut) == (labels, name)]
            columns = [np.abs([getattr(r, q) for r in mine]) for q in ("volume_percent", "fat_points", "core_points")]
            numbers = [f"{np.nanmedian(c):.2f} (up to {np.nanmax(c):.2f})" if len(c) else "-" for c in columns]
            lines.append([labels, name, len(mine), *numbers])
    return markdown(["labels", "examined", "muscles", "volume, %", "fat fraction, points", "core value, points"], lines)


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
