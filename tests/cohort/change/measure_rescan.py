"""Unchanged phantom bodies scanned three times and compared (docs/longitudinal.md): plain, repositioned at lower SNR, thinner slices.

True labels of each scan, Dixon and T1. Usage (some 45 seconds a body):
    python -m tests.cohort.change.measure_rescan 11
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from gluteal_grade.cohort.change.compare import compare_results
from gluteal_grade.cohort.change.models import Change
from gluteal_grade.config import load_settings
from gluteal_grade.pipeline import grade_study
from gluteal_grade.result.models import StudyResult
from gluteal_grade.vocabulary import Region
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.study import make_study
from gluteal_grade_lab.phantom.swapped import SwapKind
from gluteal_grade_lab.validation.design import design, spec
from gluteal_grade_lab.validation.measured import TrueLabels, as_study

FIRST = 60_000  # seeds that neither calibrate nor verify
LOW, HIGH = (-212.0, -178.0, -138.0), (212.0, 112.0, 148.0)


@dataclass(frozen=True)
class Scan:
    slice_mm: float
    snr: float
    tilt_deg: tuple[float, float, float] = (0, 0, 0)
    moved_mm: tuple[float, float, float] = (0, 0, 0)


SCANS = {"plain": Scan(5, 30), "repositioned": Scan(5, 20, (3, -2, 4), (0.9, -0.7, 1.8)), "thinner": Scan(3, 25)}


def scanned(seed: int, number: int, scan: Scan) -> dict[str, StudyResult]:
    """Results by Dixon and by T1."""
    d = replace(design(seed), swap=SwapKind.NONE, metal="none", side=None, alloy=None, slice_mm=scan.slice_mm, snr=scan.snr)
    low, high = (tuple(a + m for a, m in zip(corner, scan.moved_mm, strict=True)) for corner in (LOW, HIGH))
    phantom = make_study(replace(spec(d), grid=axial_grid(low, high, (2.0, 2.0, scan.slice_mm), tilt_deg=scan.tilt_deg)))
    study = replace(as_study(phantom, d), id=f"{seed:06x}{number:06x}")
    by = {"dixon": "water", "t1": "t1"}
    return {name: grade_study(study, load_settings(), TrueLabels(phantom.labels), series).result for name, series in by.items()}


def main(bodies: int) -> None:
    """Print, by method and kind of rescan, how many rows go beyond the SDC, how large the changes are, and the median SDC."""
    found: dict[tuple[str, str], list[Change]] = {}
    for seed in range(FIRST, FIRST + bodies):
        made = {name: scanned(seed, n, scan) for n, (name, scan) in enumerate(SCANS.items())}
        for method in ("dixon", "t1"):
            for name in list(SCANS)[1:]:
                changes = compare_results(made["plain"][method], made[name][method]).changes
                found.setdefault((method, name), []).extend(c for c in changes if c.region is Region.WHOLE and c.beyond_sdc is not None)
    for (method, name), changes in found.items():
        points = sorted(abs(c.fat_change_points) for c in changes)
        rms = (sum(p * p for p in points) / len(points)) ** 0.5
        sdc = sorted(c.sdc_points for c in changes)[len(changes) // 2]
        beyond = sum(bool(c.beyond_sdc) for c in changes)
        words = f"{beyond} of {len(changes)} beyond; changes RMS {rms:.2f}, largest {points[-1]:.2f}; median SDC {sdc:.2f}"
        print(f"{method}, {name}: {words}")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
