"""Random fields for texture, fat streaks, vessels, bias and borders: drawn once, cropped at random ever after."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_SIDE = 128
# Correlation length in voxels along each axis of the stored field; crops permute the axes.
_LENGTHS = {
    "fine": ((0.8, 0.8, 0.8),),
    "lobular": ((2.0, 2.0, 2.0), (3.5, 3.5, 3.5), (1.5, 3.0, 3.0)),
    "streaky": ((0.8, 1.2, 9.0), (0.9, 2.5, 7.0), (1.2, 1.5, 12.0)),
    "broad": ((8.0, 8.0, 8.0), (12.0, 12.0, 12.0)),
}


def _field(lengths: tuple[float, float, float], seed: int) -> Tensor:
    """Periodic Gaussian field of zero mean and unit variance, made in the Fourier domain."""
    white = np.random.default_rng(seed).standard_normal((_SIDE,) * 3).astype(np.float32)
    spectrum = np.fft.rfftn(white)
    axes = np.meshgrid(np.fft.fftfreq(_SIDE), np.fft.fftfreq(_SIDE), np.fft.rfftfreq(_SIDE), indexing="ij")
    weight = sum((length * axis) ** 2 for length, axis in zip(lengths, axes, strict=True))
    field = np.fft.irfftn(spectrum * np.exp(-2 * np.pi**2 * weight), s=(_SIDE,) * 3, axes=(0, 1, 2))
    return torch.from_numpy(((field - field.mean()) / field.std()).astype(np.float32))


@cache
def _bank(kind: str) -> tuple[Tensor, ...]:
    return tuple(_field(lengths, seed) for seed, lengths in enumerate(_LENGTHS[kind]))


def field(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Tensor:
    """A Gaussian field (mean 0, variance 1) of one kind: fine, lobular, streaky or broad.

    Args:
        kind: correlation lengths about 1, 2-3.5, 1x1.5x9 and 8-12 voxels.
        shape: (x, y, z), any size (the field repeats after 128 voxels).
        rng: chooses field, axis order, direction and place.
    """
    bank = _bank(kind)
    chosen = bank[int(rng.integers(len(bank)))].permute(*rng.permutation(3).tolist())
    flips = [axis for axis in range(3) if rng.random() < 0.5]
    for axis, size in enumerate(shape):
        if size <= _SIDE:
            chosen = chosen.narrow(axis, int(rng.integers(_SIDE - size + 1)), size)
        else:
            chosen = chosen.index_select(axis, (torch.arange(size) + int(rng.integers(_SIDE))) % _SIDE)
    return chosen.flip(flips).contiguous()


def smooth(shape: tuple[int, ...], knots: tuple[int, ...], rng: np.random.Generator, channels: int = 1) -> Tensor:
    """Very smooth normal noise: trilinear between a few knots.

    Returns:
        (channels, x, y, z).
    """
    control = torch.from_numpy(rng.standard_normal((1, channels, *knots)).astype(np.float32))
    return functional.interpolate(control, size=tuple(shape), mode="trilinear", align_corners=True)[0]
