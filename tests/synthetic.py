"""A toy pelvis with exact truth on the voxel grid: ellipse body, fat under the skin, six ellipsoid glutei. No partial volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io.study import Acquisition, Series, Study
from gluteal_grade.vocabulary import Muscle, Part, Region, SeriesKind, Side, label_value

# centre (x to the right, y, z) of the right side and radii, mm
_ELLIPSOIDS = {
    Part(Muscle.GLUTEUS_MAXIMUS, Region.WHOLE, Side.RIGHT): ((70, -55, -15), (45, 22, 55)),
    Part(Muscle.GLUTEUS_MEDIUS, Region.WHOLE, Side.RIGHT): ((95, 5, 25), (22, 32, 42)),
    Part(Muscle.GLUTEUS_MINIMUS, Region.ANTERIOR, Side.RIGHT): ((68, 30, 12), (10, 12, 25)),
    Part(Muscle.GLUTEUS_MINIMUS, Region.POSTERIOR, Side.RIGHT): ((66, 2, 12), (10, 12, 25)),
}
LEAN = 0.05
SUBCUTANEOUS = 1.0


@dataclass
class Toy:
    """Arrays of one toy study."""

    grid: Grid
    labels: Volume
    fat: np.ndarray  # true fat fraction, NaN in air
    body: np.ndarray
    truth: dict[Part, float] = field(default_factory=dict)

    def volume(self, array: np.ndarray) -> Volume:
        return Volume(np.asarray(array, np.float32), self.grid.affine)


def make_toy(
    fractions: dict[tuple[Muscle, Side], float] | float = 0.12,
    shape: tuple[int, int, int] = (144, 104, 30),
    spacing: tuple[float, float, float] = (2.5, 2.5, 5.0),
    seed: int = 1,
    spread: float = 0.02,
) -> Toy:
    """A toy with the given fat fraction per muscle (one number: all), varying by `spread` from voxel to voxel."""
    key = fractions if isinstance(fractions, float) else tuple(fractions.items())
    made = _made(key, tuple(shape), tuple(spacing), seed, spread)
    labels = Volume(made.labels.array.copy(), made.labels.affine)
    return Toy(made.grid, labels, made.fat.copy(), made.body.copy(), dict(made.truth))


@lru_cache(maxsize=8)
def _made(fractions, shape: tuple[int, int, int], spacing: tuple[float, float, float], seed: int, spread: float) -> Toy:
    """Many tests of a file ask for the same toy; each gets a copy that it may change."""
    grid, body, skin, masks = _shapes(shape, spacing)
    fat = np.where(body, LEAN, np.nan)
    fat[skin] = SUBCUTANEOUS
    labels = np.zeros(shape, np.uint8)
    truth = {}
    rng = np.random.default_rng(seed)
    for part, mask in masks:
        mean = fractions if isinstance(fractions, float) else dict(fractions).get((part.muscle, part.side), 0.12)
        noise = spread * rng.standard_normal(shape)[mask]
        fat[mask] = np.clip(mean + noise - noise.mean(), 0, 1)
        labels[mask] = label_value(part)
        truth[part] = float(fat[mask].mean())
    return Toy(grid, Volume(labels, grid.affine), fat, body, truth)


@lru_cache(maxsize=8)
def _shapes(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> tuple[Grid, np.ndarray, np.ndarray, list]:
    """Body, fat under the skin, and the muscles that a grid shows."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [-(n - 1) * s / 2 for n, s in zip(shape, spacing, strict=True)]
    grid = Grid(shape, affine)
    x, y, z = np.moveaxis(grid.to_world(np.moveaxis(np.indices(shape), 0, -1)), -1, 0)
    body = np.hypot(x / 160, y / 115) < 1
    skin = body & (np.hypot(x / 140, y / 95) > 1)
    masks = []
    for right, (centre, radii) in _ELLIPSOIDS.items():
        for side in Side:
            cx = centre[0] if side is Side.RIGHT else -centre[0]
            mask = ((x - cx) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2 + ((z - centre[2]) / radii[2]) ** 2 < 1
            if mask.any():
                masks.append((Part(right.muscle, right.region, side), mask))
    return grid, body, skin, masks


def dixon(toy: Toy, snr: float = 60, seed: int = 2, scale: float = 800.0) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat magnitudes with Rician noise."""
    fraction = np.nan_to_num(toy.fat)
    return (
        rician(scale * np.where(toy.body, 1 - fraction, 0), scale / snr, seed),
        rician(scale * fraction, scale / snr, seed + 1),
    )


FAT_PEAKS = ((-3.8, 0.087), (-3.4, 0.693), (-2.6, 0.128), (-1.94, 0.004), (-0.39, 0.039), (0.6, 0.048))  # ppm, share: another set than ours


def gradient_echoes(
    toy: Toy, te_ms: Sequence[float], field_t: float = 3.0, snr: float = 60, r2_star: float = 38.0, fat_gain: float = 1.0, seed: int = 8
) -> list[np.ndarray]:
    """Magnitudes of a train of gradient echoes: water, fat of six peaks (Yu 2008), one R2*, Rician noise."""
    fraction = np.nan_to_num(toy.fat)
    water, fat = np.where(toy.body, 1 - fraction, 0), fat_gain * fraction
    images = []
    for n, te in enumerate(te_ms):
        turned = sum(share * np.exp(2j * np.pi * ppm * 42.577 * field_t * te / 1000) for ppm, share in FAT_PEAKS)
        images.append(rician(800 * np.abs(water + fat * turned) * np.exp(-r2_star * te / 1000), 800 / snr, seed + n))
    return images


def t1(toy: Toy, snr: float = 40, bias: float = 0.0, seed: int = 4, muscle_over_fat: float = 0.33) -> np.ndarray:
    """T1 magnitude: linear two-tissue mixture, smooth bias of +-`bias`."""
    fraction = np.nan_to_num(toy.fat)
    signal = np.where(toy.body, muscle_over_fat + (1 - muscle_over_fat) * fraction, 0)
    i, j, k = (np.linspace(-1, 1, n) for n in toy.grid.shape)
    field_ = 1 + bias * (0.5 * i[:, None, None] - 0.6 * j[None, :, None] ** 2 + 0.3 * k[None, None, :])
    return rician(1000 * signal * field_, 1000 / snr, seed)


def ct(toy: Toy, seed: int = 6, noise: float = 8.0) -> np.ndarray:
    """HU: lean 55, fat -100, air -1000."""
    hu = np.where(toy.body, 55 - 155 * np.nan_to_num(toy.fat), -1000)
    return hu + noise * np.random.default_rng(seed).standard_normal(toy.grid.shape)


def rician(signal: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.hypot(signal + sigma * rng.standard_normal(signal.shape), sigma * rng.standard_normal(signal.shape))


def series(id_: str, kind: SeriesKind, volume: Volume, **facts) -> Series:
    """A series in memory."""
    acquisition = facts.pop("acquisition", Acquisition())
    return Series(id_, kind, "test", lambda: volume, grid=volume.grid, acquisition=acquisition, **facts)


def dixon_study(toy: Toy, **noise) -> Study:
    water, fat = dixon(toy, **noise)
    return Study(
        "0" * 12,
        (series("s1.water", SeriesKind.DIXON_WATER, toy.volume(water)), series("s1.fat", SeriesKind.DIXON_FAT, toy.volume(fat))),
    )
