"""Fat-fraction error of Dixon by SNR, with true labels: docs/explanation/dixon.md.

python -m scripts.measure_dixon                     # 6 bodies x 5 SNRs x air blanked or not; some minutes
python -m scripts.measure_dixon --bodies 2 --first 40
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gluteal_grade.config import FatSettings, load_settings
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition, Series
from gluteal_grade.vocabulary import GLUTEI, Region, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters, build_body
from gluteal_grade_lab.phantom.degrade import bias_field, rician
from gluteal_grade_lab.phantom.fatfield import FatField, FatPrescription, Pattern
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.sampling import Content, sample
from gluteal_grade_lab.phantom.signal import Protocol, Technique, tissue_signal, water_and_fat
from gluteal_grade_lab.phantom.tissue import Tissue
from gluteal_grade_lab.phantom.truth import label_values, truth_of

SNRS = (8.0, 11.0, 15.0, 25.0, 50.0)
FLIPS_DEG = (2.0, 3.0, 6.0, 10.0)


@dataclass(frozen=True)
class Row:
    """One whole muscle."""

    snr: float
    blanked: bool
    fat: float  # true fraction of the labelled voxels
    error: float  # points, against that
    anatomy_error: float  # points, against the anatomy itself: what the labels' borders add is in it
    seen_snr: float


def content_of(seed: int) -> Content:
    """A random person, fat fractions 2-92 %, slices 4-7 mm."""
    rng = np.random.default_rng([0xD1C5, seed])
    parts = [(side, muscle) for side in Side for muscle in GLUTEI]
    means = rng.permutation(np.linspace(0.02, 0.92, 6) + rng.uniform(-0.01, 0.01, 6))
    fat = tuple(
        (side, muscle, FatPrescription(float(m), rng.choice([Pattern.DIFFUSE, Pattern.STREAKY, Pattern.POSTERIOR])))
        for (side, muscle), m in zip(parts, means, strict=True)
    )
    body = build_body(BodyParameters("MF"[seed % 2], float(rng.uniform(0.95, 1.05)), float(rng.uniform(10, 40)), seed=seed))
    width = float(rng.uniform(1.4, 2.2))
    spacing = (width, width, float(rng.uniform(4, 7)))
    return sample(FatField(body, fat, seed), axial_grid((-215, -180, -140), (215, 115, 150), spacing), (3, 3, 3))


def rows(seed: int, settings: FatSettings) -> Iterator[Row]:
    """All SNRs of one person, shading of 30 %, flip angle by turns."""
    content = content_of(seed)
    facts = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=10.0, te_ms=1.2, field_t=3.0, flip_deg=FLIPS_DEG[seed % len(FLIPS_DEG)])
    header = Acquisition(te_ms=1.2, tr_ms=10.0, flip_angle_deg=facts.flip_deg, field_strength_t=3.0, scanning_sequence=("GR",))
    shading = bias_field(content.grid, 30.0, seed)
    muscle = tissue_signal(Tissue.MUSCLE, facts, 0.0)[0]
    pure = [image * shading / np.float32(muscle) for image in water_and_fat(content.fractions, facts, 0.0)]
    near = ndimage.binary_dilation(pure[0] + pure[1] > 0.05, iterations=2)
    truth = [(t, np.isin(content.labels, label_values(t.part))) for t in truth_of(content) if t.part.region is Region.WHOLE]
    for snr in SNRS:
        for blanked in (False, True):
            rng = np.random.default_rng([seed, int(snr), blanked])
            noisy = [500 * rician(image, 1 / snr, rng) for image in pure]
            if blanked:
                noisy = [np.where(near, image, 0) for image in noisy]
            kinds = SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT
            water, fat = (
                _series(k, Volume(np.rint(i).astype(np.float32), content.grid.affine), header) for k, i in zip(kinds, noisy, strict=True)
            )
            found = from_water_fat(water, fat, settings)
            for t, mask in truth:
                mean = float(np.nanmean(found.volume.array[mask]))
                on_labels, anatomy = t.on_labels.fat_fraction, t.continuous.fat_fraction
                yield Row(snr, blanked, on_labels, 100 * (mean - on_labels), 100 * (mean - anatomy), found.facts.get("snr", float("nan")))


def _series(kind: SeriesKind, volume: Volume, header: Acquisition) -> Series:
    return Series(kind.value, kind, "phantom", lambda: volume, grid=volume.grid, acquisition=header)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bodies", type=int, default=6)
    parser.add_argument("--first", type=int, default=20)
    chosen = parser.parse_args(arguments)
    settings = load_settings().fat
    found = [row for seed in range(chosen.first, chosen.first + chosen.bodies) for row in rows(seed, settings)]
    print("| SNR | air | muscles | bias, points | RMSE, points | worst, points | RMSE against the anatomy |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    groups = [(str(int(s)), b, [r for r in found if r.snr == s and r.blanked == b]) for s in SNRS for b in (False, True)]
    groups += [("15 and more", b, [r for r in found if r.snr >= 15 and r.blanked == b]) for b in (False, True)]
    for name, blanked, some in groups:
        e, a = (np.array([getattr(r, key) for r in some]) for key in ("error", "anatomy_error"))
        worst = e[np.abs(e).argmax()]
        air = "blanked" if blanked else "in view"
        cells = (
            name,
            air,
            len(some),
            f"{e.mean():+.2f}",
            f"{np.sqrt((e**2).mean()):.2f}",
            f"{worst:+.2f}",
            f"{np.sqrt((a**2).mean()):.2f}",
        )
        print("| " + " | ".join(map(str, cells)) + " |")
