"""Parts of a muscle that do not look like the rest: masses found, and sound muscles that are marked. Muscles are drawn fast, fat alone.

python -m gluteal_grade_lab measure focal --count 600      # half of them with a mass; some minutes on one core
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.optimize import brentq
from scipy.special import expit

from gluteal_grade.config import load_settings
from gluteal_grade.imaging import Mask
from gluteal_grade.measurement.focal import focal_part
from gluteal_grade_lab.phantom.fatfield import AMPLITUDES, Pattern
from gluteal_grade_lab.phantom.noise import WaveNoise
from gluteal_grade_lab.validation.rows import markdown

FIRST_SEED = 80_000
HALF_MM = {"maximus": (70.0, 22.0, 80.0), "medius": (55.0, 17.0, 50.0), "minimus": (40.0, 10.0, 35.0)}
_FIBRE = (0.6, 0.2, -0.77)
_STRETCH = 1 / 7
_LEAST_APART = 0.25


@dataclass(frozen=True, eq=False)
class Drawn:
    """One muscle.

    Attributes:
        name: maximus, medius or minimus, by its size.
        pattern: of its fat.
        mean: fat fraction, without the mass.
        mask, fat: voxels; `mass`: those of the mass, None without.
        spacing_mm: pixels of 2 mm, slices of 3 to 7 mm along the last axis.
        radius_mm, level: of the mass.
    """

    name: str
    pattern: Pattern
    mean: float
    mask: Mask
    fat: npt.NDArray[np.float32]
    mass: Mask | None
    spacing_mm: tuple[float, float, float]
    radius_mm: float = 0.0
    level: float = 0.0


def drawn(seed: int, with_mass: bool) -> Drawn:
    """A plate of muscle with streaks, blotches and trends as the phantom's muscles have them, and noise of SNR 8 to 60.

    A mass is a ball of 14 to 30 mm radius deep in the muscle, which bulges where it is thicker than the muscle; nearly even inside
    (SD 0.06), 25 points or more away from the muscle's mean: 0.02 as on Dixon, or 0.3 to 0.6 as on T1.
    """
    rng = np.random.default_rng([0xF0CA1, seed])
    name = str(rng.choice(list(HALF_MM)))
    pattern = list(Pattern)[int(rng.integers(len(Pattern)))]
    mean = float(rng.uniform(0.03, 0.85))
    spacing = (2.0, 2.0, float(rng.choice([3.0, 4.0, 5.0, 6.0, 7.0])))
    half = HALF_MM[name]
    room = [h + 32.0 for h in half]
    x, y, z = np.meshgrid(*(np.arange(-r, r, s, dtype=np.float32) for r, s in zip(room, spacing, strict=True)), indexing="ij")
    y = np.asarray(y + x * x / 250 + z / 6, np.float32)  # bent and tilted
    mask = np.abs(x / half[0]) ** 2.5 + np.abs(y / half[1]) ** 2.5 + np.abs(z / half[2]) ** 2.5 < 1
    streak, blotch, trend = AMPLITUDES[pattern]
    place = np.stack([a[mask] for a in (x, y, z)])
    along = np.tensordot(_FIBRE, place, 1) * (_STRETCH - 1)
    fine = place + np.outer(_FIBRE, along).astype(np.float32)
    logit = streak * WaveNoise(2 * seed, 6, 18, waves=9).at(*fine) + blotch * WaveNoise(2 * seed + 1, 25, 60, waves=5).at(*place)
    toward = np.clip(-place[2] / (0.75 * half[2]), -1.6, 1.6)
    logit = np.asarray(logit + trend * toward, np.float32)
    offset = float(brentq(lambda a: float(expit(a + logit).mean()) - mean, -30, 30))
    fat = np.full(mask.shape, 0.9, np.float32)
    fat[mask] = expit(logit + offset)
    mass, radius, level = None, 0.0, 0.0
    if with_mass:
        radius = float(rng.uniform(14, 30))
        levels = [v for v in (0.02, 0.3, 0.4, 0.5, 0.6) if abs(v - mean) >= _LEAST_APART]
        level = float(rng.choice(levels))
        depth = ndimage.distance_transform_edt(mask, sampling=spacing)
        deep = np.argwhere(depth > 0.7 * depth.max())
        centre = deep[int(rng.integers(len(deep)))]
        steps = (((np.arange(n) - c) * s) ** 2 for n, c, s in zip(mask.shape, centre, spacing, strict=True))
        away = np.sqrt(sum(np.ix_(*steps)))
        texture = ndimage.gaussian_filter(rng.normal(size=mask.shape), [6 / s for s in spacing])
        share = np.clip((radius - away) / 2 + 0.5, 0, 1)
        mass = away < radius
        fat = ((1 - share) * fat + share * (level + texture * 0.06 / texture.std())).astype(np.float32)
        mask = mask | mass
    snr = float(np.exp(rng.uniform(np.log(8), np.log(60))))
    fat = (fat + rng.normal(0, 0.7 / snr, mask.shape)).astype(np.float32)
    return Drawn(name, pattern, mean, mask, fat, mass, spacing, radius, level)


def table(count: int) -> str:
    """Found and falsely marked, by muscle and pattern."""
    settings = load_settings().measure.focal
    marked: dict[tuple[str, bool], list[bool]] = {}
    overlaps = []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        with_mass = seed % 2 == 1
        one = drawn(seed, with_mass)
        found = focal_part(one.mask, one.fat, one.spacing_mm, 2, settings)
        sizes = ["mass of 28 to 40 mm" if one.radius_mm < 20 else "mass of 40 to 60 mm"] if with_mass else []
        for key in (one.name, str(one.pattern), "all", *sizes):
            marked.setdefault((key, with_mass), []).append(found is not None)
        if found is not None and one.mass is not None:
            overlaps.append(2 * (found.mask & one.mass).sum() / (found.mask.sum() + one.mass.sum()))
    names = dict.fromkeys(key for key, _ in marked)
    lines = [[n, *(_told(marked.get((n, mass), [])) for mass in (True, False))] for n in names]
    return (
        markdown(["muscles", "masses found", "sound muscles marked"], lines) + f"\nDice of what is found, median: {np.median(overlaps):.2f}"
    )


def _told(found: list[bool]) -> str:
    return f"{sum(found)} of {len(found)}" if found else ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=600)
    print(table(parser.parse_args(arguments).count))


if __name__ == "__main__":
    main()
