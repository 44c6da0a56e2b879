"""Fat-fraction error of several gradient echoes by echo times and SNR, with true labels: docs/explanation/dixon.md.

python -m gluteal_grade_lab measure multi-echo     # 4 bodies x 4 trains x 3 SNRs; some minutes
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import FatSettings, load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.multi_echo import from_echoes
from gluteal_grade.geometry import FloatArray, Volume
from gluteal_grade.io.study import Acquisition, Series
from gluteal_grade.vocabulary import Region, SeriesKind
from gluteal_grade_lab.measuring.dixon import content_of
from gluteal_grade_lab.phantom.degrade import bias_field, rician
from gluteal_grade_lab.phantom.signal import Protocol, Technique, tissue_signal, water_and_fat
from gluteal_grade_lab.phantom.tissue import Tissue
from gluteal_grade_lab.phantom.truth import label_values, truth_of

SNRS = (25.0, 50.0, 80.0)
BANDS = ((0.0, 0.2), (0.2, 0.5), (0.5, 1.0))
PEAKS = (
    (-3.8, 0.087),
    (-3.4, 0.693),
    (-2.6, 0.128),
    (-1.94, 0.004),
    (-0.39, 0.039),
    (0.6, 0.048),
)  # ppm, share: Yu 2008, 10.1002/mrm.21737
_MHZ_PER_TESLA = 42.577
_TR_MS, _FLIP_DEG = 15.0, 3.0
_NO_TIME_MS = 1e-6  # before anything decays or turns


@dataclass(frozen=True)
class Train:
    """Echo times of one acquisition, ms, and its field strength, T."""

    te_ms: tuple[float, ...]
    field_t: float

    def __str__(self) -> str:
        """Number of echoes, first and last, field strength."""
        return f"{len(self.te_ms)}, {self.te_ms[0]:g}-{self.te_ms[-1]:g} ms, {self.field_t:g} T"


TRAINS = (
    Train((1.15, 2.3, 3.45, 4.6, 5.75, 6.9), 3.0),
    Train((1.2, 3.2, 5.2, 7.2, 9.2, 11.2), 1.5),
    Train(tuple(range(4, 33, 4)), 3.0),
    Train((1.15, 2.3, 3.45), 3.0),
)


@dataclass(frozen=True)
class Row:
    """One whole muscle of one train."""

    train: Train
    snr: float
    fat: float  # true fraction of the labelled voxels
    error: float  # points
    said: bool  # a note tells that noise may have decided


def rows(seed: int, settings: FatSettings) -> Iterator[Row]:
    """All trains and SNRs of one person; R2* 25, 40 or 60 per second by turns, shading of 30 %."""
    content = content_of(seed)
    shading = bias_field(content.grid, 30.0, seed)
    decay = (25.0, 40.0, 60.0)[seed % 3]
    truth = [(t, np.isin(content.labels, label_values(t.part))) for t in truth_of(content) if t.part.region is Region.WHOLE]
    for train in TRAINS:
        facts = Protocol(Technique.SPOILED_GRADIENT_ECHO, tr_ms=_TR_MS, te_ms=_NO_TIME_MS, field_t=train.field_t, flip_deg=_FLIP_DEG)
        muscle = tissue_signal(Tissue.MUSCLE, facts, 0.0)[0]
        water, fat = (image * shading / np.float32(muscle) for image in water_and_fat(content.fractions, facts, 0.0))
        pure = [np.abs(water + fat * _turned(te, train.field_t)) * np.float32(np.exp(-decay * te / 1000)) for te in train.te_ms]
        for snr in SNRS:
            rng = np.random.default_rng([seed, int(snr)])
            echoes = [_series(n, Volume(500 * rician(image, 1 / snr, rng), content.grid.affine), train) for n, image in enumerate(pure)]
            found = from_echoes(echoes, settings)
            said = Reason.AMBIGUOUS_DOMINANCE in {note.reason for note in found.notes}
            for t, mask in truth:
                true = t.on_labels.fat_fraction
                yield Row(train, snr, true, 100 * (float(np.nanmean(found.volume.array[mask])) - true), said)


def _turned(te_ms: float, field_t: float) -> np.complex64:
    """What fat's protons add up to after some time, of 1."""
    return np.complex64(sum(share * np.exp(2j * np.pi * ppm * _MHZ_PER_TESLA * field_t * te_ms / 1000) for ppm, share in PEAKS))


def _series(number: int, volume: Volume, train: Train) -> Series:
    facts = Acquisition(
        te_ms=train.te_ms[number], tr_ms=_TR_MS, flip_angle_deg=_FLIP_DEG, field_strength_t=train.field_t, scanning_sequence=("GR",)
    )
    name = f"e{number}"
    return Series(name, SeriesKind.GRADIENT_ECHO, "phantom", lambda: volume, grid=volume.grid, acquisition=facts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bodies", type=int, default=4)
    parser.add_argument("--first", type=int, default=20)
    chosen = parser.parse_args(arguments)
    settings = load_settings().fat
    found = [row for seed in range(chosen.first, chosen.first + chosen.bodies) for row in rows(seed, settings)]
    print("| echoes | SNR | " + " | ".join(f"{100 * low:.0f}-{100 * high:.0f} % fat" for low, high in BANDS) + " | said |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for train in TRAINS:
        for snr in SNRS:
            some = [row for row in found if row.train == train and row.snr == snr]
            cells = [_cell(np.array([r.error for r in some if low <= r.fat < high])) for low, high in BANDS]
            print(f"| {train} | {snr:.0f} | " + " | ".join(cells) + f" | {np.mean([r.said for r in some]):.0%} |")


def _cell(errors: FloatArray) -> str:
    """Mean error, root mean square, how many muscles."""
    return f"{errors.mean():+.1f} ({np.sqrt((errors**2).mean()):.1f}; {len(errors)})" if len(errors) else "-"
