"""Phantoms for measuring fat on one MR contrast: both sexes, FF 2-90 %, slices 3-7 mm; signals kept without shading and noise, so that
one body serves every shading and signal-to-noise ratio.

Used by `scripts/measure_t1.py` and `scripts/compare_bias.py`.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import GLUTEI, Part, Region, SeriesKind, Side
from gluteal_grade_lab.phantom.body import BodyParameters, build_body
from gluteal_grade_lab.phantom.degrade import bias_field, rician
from gluteal_grade_lab.phantom.fatfield import FatField, FatPrescription, Pattern
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.sampling import sample
from gluteal_grade_lab.phantom.signal import Protocol, Technique, tissue_signal, water_and_fat
from gluteal_grade_lab.phantom.tissue import Tissue
from gluteal_grade_lab.phantom.truth import truth_of

SLICES_MM = (3.0, 4.0, 5.0, 6.0, 7.0)


def protocol(kind: SeriesKind, field_t: float) -> Protocol:
    """A usual turbo spin echo of the pelvis: T1 600/11, T2 4500/90, PD 3000/30, STIR 4500/60/160 (1.5 T) or /210 (3 T)."""
    spin_echo = {SeriesKind.T1: (600.0, 11.0), SeriesKind.T2: (4500.0, 90.0), SeriesKind.PD: (3000.0, 30.0)}
    if kind is SeriesKind.STIR:
        # TI nulls the phantom's fat: TI = T1 ln 2 for long TR
        return Protocol(Technique.INVERSION_RECOVERY, 4500.0, 40.0, field_t, ti_ms={1.5: 199.0, 3.0: 257.0}[field_t])
    tr, te = spin_echo[kind]
    return Protocol(Technique.SPIN_ECHO, tr, te, field_t)


@dataclass(frozen=True, eq=False)
class Person:
    """One body, sampled.

    Attributes:
        seed: of everything.
        field_t: tesla.
        clean: kind to noise-free signal, lean muscle about 1.
        labels: uint8, own values.
        truth: whole muscle to true FF: of the continuous anatomy, and on the labels' voxels.
    """

    seed: int
    field_t: float
    clean: dict[SeriesKind, Volume]
    labels: Volume
    truth: dict[Part, tuple[float, float]]

    def image(self, kind: SeriesKind, bias_percent: float, snr: float, run: int = 0) -> Volume:
        """A magnitude with shading and noise; SNR is lean muscle over sigma."""
        clean = self.clean[kind]
        shaded = clean.array * bias_field(clean.grid, bias_percent, self.seed + 50 * run)
        rng = np.random.default_rng([0x7110, self.seed, run, round(bias_percent)])
        return clean.with_array(200 * rician(shaded.astype(np.float32), 1 / snr, rng))


def person(seed: int, cache: Path | None = None) -> Person:
    """The body of a seed, from the cache where it is there. Every fourth body is lean or fat throughout, the others are mixed."""
    kept = cache / f"person_{seed}.pickle" if cache else None
    if kept and kept.exists():
        with kept.open("rb") as stream:
            found = pickle.load(stream)
            assert isinstance(found, Person)
            return found
    made = _make(seed)
    if kept:
        with kept.open("wb") as stream:
            pickle.dump(made, stream)
    return made


def _make(seed: int) -> Person:
    rng = np.random.default_rng([0x71C0, seed])
    parts = [Part(muscle, Region.WHOLE, side) for side in Side for muscle in GLUTEI]
    level = {0: 0.04, 4: 0.85}.get(seed % 8)
    means = rng.uniform(0.02, 0.9, 6) if level is None else np.clip(level + rng.uniform(-0.03, 0.05, 6), 0.02, 0.9)
    patterns = rng.choice([Pattern.DIFFUSE, Pattern.STREAKY, Pattern.POSTERIOR], 6)
    prescriptions = tuple((p.side, p.muscle, FatPrescription(float(m), k)) for p, m, k in zip(parts, means, patterns, strict=True))
    factors = tuple((p.side, p.muscle, float(rng.uniform(0.7, 1.05))) for p in parts)
    sex, thick = "MF"[seed % 2], SLICES_MM[seed % 5]
    body = build_body(BodyParameters(sex, float(rng.uniform(0.94, 1.06)), float(rng.uniform(12, 45)), factors, seed=seed), spacing_mm=3.5)
    grid = axial_grid((-215, -180, -140), (215, 115, 150), (2.2, 2.2, thick))
    content = sample(FatField(body, prescriptions, seed), grid, (2, 2, max(2, round(thick / 2))))
    field_t = (1.5, 3.0)[seed // 2 % 2]
    clean = {}
    for kind in (SeriesKind.T1, SeriesKind.T2, SeriesKind.PD, SeriesKind.STIR):
        water, fat = water_and_fat(content.fractions, protocol(kind, field_t))
        muscle = abs(tissue_signal(Tissue.MUSCLE, protocol(kind, field_t))[0])
        clean[kind] = Volume((np.abs(water + fat) / muscle).astype(np.float32), grid.affine)
    truth = {t.part: (t.continuous.fat_fraction, t.on_labels.fat_fraction) for t in truth_of(content) if t.part.region is Region.WHOLE}
    return Person(seed, field_t, clean, Volume(content.labels, grid.affine), truth)


def people(first: int, count: int, cache: Path | None = None) -> Iterator[Person]:
    """Consecutive seeds."""
    for seed in range(first, first + count):
        yield person(seed, cache)
