"""Dixon and T1 on phantoms that no setting was chosen on: other bodies, fat, shading and noise than the sample studies.

python scripts/fresh_phantoms.py              # 10 bodies, some 8 minutes on two cores; a markdown table
python scripts/fresh_phantoms.py --bodies 4 --first 300
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from gluteal_grade.anatomy import Muscle, Region, Side
from gluteal_grade.config import load_settings
from gluteal_grade.grading.scales import load_scales
from gluteal_grade.phantom.body import BodyParameters
from gluteal_grade.phantom.fatfield import FatPrescription, Pattern
from gluteal_grade.phantom.grids import axial_grid
from gluteal_grade.phantom.signal import Protocol, Technique
from gluteal_grade.phantom.study import PhantomStudy, PhantomStudySpec, SeriesSpec, make_study
from gluteal_grade.pipeline import grade_study
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.study import Series, SeriesKind, Study

T1 = Protocol(Technique.SPIN_ECHO, tr_ms=600.0, te_ms=11.0, field_t=1.5)
DIXON = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=14.0, te_ms=1.15, field_t=3.0, flip_deg=2.0)


@dataclass(frozen=True)
class Row:
    """One whole muscle, measured one way; NaN for a refused study."""

    method: str
    error_points: float
    quartile: int | None
    true_quartile: int | None


@dataclass(frozen=True)
class TrueLabels:
    """The phantom's own labels, as a segmenter."""

    phantom: PhantomStudy

    def segment(self, study: Study, preferred: tuple[Series, ...]) -> Segmentation:
        """The labels on the first preferred series."""
        assert study.series
        return Segmentation(self.phantom.labels, preferred[0], "phantom", "0" * 64)


def body(seed: int) -> PhantomStudySpec:
    """A random person of either sex with fat fractions of 3-80 %, shading up to 40 % and SNR 15-40."""
    rng = np.random.default_rng([0xF4E5, seed])
    sex = "M" if seed % 2 else "F"
    means = np.clip(rng.gamma(1.6, 0.13, 6) + 0.03, 0.03, 0.8)
    patterns = rng.choice([Pattern.DIFFUSE, Pattern.STREAKY, Pattern.POSTERIOR], 6)
    parts = [(side, muscle) for side in Side for muscle in Muscle]
    fat = tuple((side, muscle, FatPrescription(float(m), p)) for (side, muscle), m, p in zip(parts, means, patterns, strict=True))
    factors = tuple((side, muscle, float(rng.uniform(0.75, 1.0))) for side, muscle in parts)
    snr, bias = float(rng.uniform(15, 40)), float(rng.uniform(0, 40))
    series = (
        SeriesSpec(SeriesKind.T1, "t1", T1, snr=snr, bias_percent=bias),
        SeriesSpec(SeriesKind.DIXON_WATER, "water", DIXON, snr=snr, bias_percent=bias),
        SeriesSpec(SeriesKind.DIXON_FAT, "fat", DIXON, snr=snr, bias_percent=bias),
    )
    person = BodyParameters(sex, float(rng.uniform(0.93, 1.07)), float(rng.uniform(12, 45)), factors, seed=seed)
    return PhantomStudySpec(f"Fresh{seed}", person, fat, axial_grid((-215, -180, -140), (215, 115, 150), (1.3, 1.3, 5)), series, seed=seed)


def measured(seed: int) -> list[Row]:
    """Both methods on one body."""
    return list(_rows(make_study(body(seed))))


def _rows(phantom: PhantomStudy) -> Iterator[Row]:
    study = Study("0" * 12, tuple(_series(phantom, spec.name, spec.kind) for spec in phantom.spec.series))
    truth = {t.part: t for t in phantom.truth}
    quartile = load_scales().scales["quartile"].active
    for chosen in ("water", "t1"):
        result = grade_study(study, load_settings(), TrueLabels(phantom), chosen).result
        if result.fat is None:
            yield Row("dixon" if chosen == "water" else "t1", math.nan, None, None)
        for m in result.muscles:
            if m.region is Region.WHOLE:
                exact = next(t for part, t in truth.items() if (part.side, part.muscle, part.region) == (m.side, m.muscle, m.region))
                true_ff = exact.continuous.fat_fraction
                yield Row(result.fat.method, 100 * (m.fat_fraction - true_ff), m.grade("quartile"), quartile.grade(true_ff))


def _series(phantom: PhantomStudy, name: str, kind: SeriesKind) -> Series:
    volume = phantom.image(kind)
    loaded = volume.with_array(volume.array.astype(np.float32))
    return Series(name, kind, "phantom", lambda: loaded, grid=loaded.grid)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bodies", type=int, default=10)
    parser.add_argument("--first", type=int, default=100, help="seed of the first body")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.jobs) as pool:
        rows = [row for some in pool.map(measured, range(chosen.first, chosen.first + chosen.bodies)) for row in some]
    print("| fat by | muscles | bias, points | RMSE, points | worst, points | Quartile grades right | studies refused |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for method in ("dixon", "t1"):
        own = [r for r in rows if r.method == method and not math.isnan(r.error_points)]
        refused = sum(r.method == method and math.isnan(r.error_points) for r in rows)
        e = np.array([r.error_points for r in own])
        right = f"{sum(r.quartile == r.true_quartile for r in own)} of {len(own)}"
        worst = e[np.abs(e).argmax()]
        print(f"| {method} | {len(own)} | {e.mean():+.2f} | {np.sqrt((e**2).mean()):.2f} | {worst:+.2f} | {right} | {refused} |")


if __name__ == "__main__":
    main()
