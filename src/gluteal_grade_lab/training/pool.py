"""Samples on disk between those who make them and the one that trains: each is used a few times, and nobody waits for the other.

A few hundred of the newest are kept. What a trainer gets depends on what is there, so runs with a pool are not repeatable to the bit.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from gluteal_grade_lab.training.patches import Sample


def fill(sampler: Callable[[int], Sample], folder: Path, first: int, stride: int = 1, keep: int = 400, count: int | None = None) -> None:
    """Draw samples first, first + stride, ... into a folder, dropping the oldest of more than `keep`; `count` of them or without end."""
    folder.mkdir(parents=True, exist_ok=True)
    index, made = first, 0
    while count is None or made < count:
        sample = sampler(index)
        part = folder / f".{index}.part"
        torch.save((sample.image.half(), sample.labels, sample.mode, list(sample.unknown)), part)
        part.rename(folder / f"{time.time_ns()}-{index}.pt")
        for old in _held(folder)[:-keep]:
            old.unlink(missing_ok=True)
        index, made = index + stride, made + 1


def _held(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pt"))


@dataclass(frozen=True)
class Pool:
    """A sampler that takes what lies in a folder, its contrast bent a little each time.

    Attributes:
        folder: see `fill`.
        seed: of the choice.
        least: so many must be there before the first is taken.
    """

    folder: Path
    seed: int = 0
    least: int = 20

    def __call__(self, index: int) -> Sample:
        """One sample; the same index gives another one when others lie there."""
        rng = np.random.default_rng((self.seed, 3, index, os.getpid()))  # two trainers at one pool draw apart
        while True:
            held = _held(self.folder)
            if len(held) >= self.least:
                try:
                    return bent(_read(held[int(rng.integers(len(held)))]), rng)
                except (OSError, RuntimeError):  # dropped in between
                    continue
            time.sleep(1.0)


def _read(path: Path) -> Sample:
    image, labels, mode, unknown = torch.load(path, weights_only=True)
    return Sample(image.float(), labels, mode, tuple(unknown))


def bent(sample: Sample, rng: np.random.Generator) -> Sample:
    """Another gamma, scale and a little noise inside the field of view."""
    inside = sample.image > 0
    image = sample.image ** float(np.exp(rng.normal(0, 0.15))) * float(rng.uniform(0.9, 1.08))
    noise = torch.from_numpy(rng.standard_normal(tuple(image.shape), np.float32)) * float(rng.uniform(0, 0.02))
    return replace(sample, image=torch.where(inside, (image + noise).clamp(0, 1.2), torch.zeros(())))
