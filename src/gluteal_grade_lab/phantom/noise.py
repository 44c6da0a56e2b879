"""Smooth random fields that can be evaluated at any point: sums of plane waves, fixed by a seed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gluteal_grade_lab.phantom.shapes import F32


@dataclass(frozen=True)
class WaveNoise:
    """A stationary field of mean 0 and variance 1.

    Args:
        seed: fixes directions, lengths and phases.
        shortest: shortest wavelength, mm.
        longest: longest wavelength, mm.
        waves: how many; 6 or more look random.
    """

    seed: int
    shortest: float
    longest: float
    waves: int = 7
    _k: F32 = field(init=False, repr=False, compare=False)
    _phase: F32 = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([0x6757, self.seed])
        direction = rng.normal(size=(self.waves, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        length = np.exp(rng.uniform(np.log(self.shortest), np.log(self.longest), self.waves))
        object.__setattr__(self, "_k", (2 * np.pi * direction / length[:, None]).astype(np.float32))
        object.__setattr__(self, "_phase", rng.uniform(0, 2 * np.pi, self.waves).astype(np.float32))

    def at(self, x: F32, y: F32, z: F32) -> F32:
        """Values at (n,) coordinates in mm."""
        total = np.zeros(x.shape, dtype=np.float32)
        for (kx, ky, kz), phase in zip(self._k, self._phase, strict=True):
            total += np.sin(kx * x + ky * y + kz * z + phase)
        return np.asarray(total * np.float32(np.sqrt(2 / self.waves)), dtype=np.float32)
