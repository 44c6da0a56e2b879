"""What the scanner does to the picture: slices, coil shading, noise, ringing, wrap, the end of the field of view."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gluteal_grade_lab.training.noise import smooth

_AROUND = 7  # voxels, some 15 mm, around a thin line


def thick_slices(image: Tensor, axis: int, voxels: float, rng: np.random.Generator) -> Tensor:
    """Average over slices `voxels` thick along `axis` and interpolate back, as the networks see a thick-slice study."""
    size = image.shape[axis]
    number = max(2, round(size / voxels))
    shift = int(rng.integers(0, max(1, int(voxels))))
    moved = torch.movedim(image, axis, -1)
    shape = moved.shape
    flat = functional.pad(moved.reshape(1, -1, size), (shift, 0), mode="replicate")
    slices = functional.interpolate(flat, size=number, mode="area")
    back = functional.interpolate(slices, size=size + shift, mode="linear", align_corners=False)[..., shift:]
    return torch.movedim(back.reshape(shape), -1, axis)


def coil_shading(image: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    """Smooth multiplicative field exp(strength * normal noise), with a slope across the field of view."""
    shape = tuple(image.shape)
    knots = int(rng.integers(2, 6))
    log_field = strength * smooth(shape, (knots, knots, knots), rng)[0]
    log_field = log_field + 1.5 * strength * smooth(shape, (2, 2, 2), rng)[0]
    return image * torch.exp(log_field.clamp(-2, 1.5))


def rician_noise(image: Tensor, sigma: float, rng: np.random.Generator) -> Tensor:
    """Magnitude of the signal with Gaussian noise in both channels (Gudbjartsson & Patz 1995)."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    real = image + sigma * torch.randn(image.shape, generator=generator)
    other = sigma * torch.randn(image.shape, generator=generator)
    return torch.sqrt(real * real + other * other)


def gaussian_noise(image: Tensor, sigma: float, rng: np.random.Generator) -> Tensor:
    """CT noise."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    return image + sigma * torch.randn(image.shape, generator=generator)


def thin_lines(image: Tensor, across: int, times: float) -> Tensor:
    """Bright lines of one or two voxels within slices across an axis made brighter, as `segmentation.thin_fat` does on finer pixels."""
    slices = torch.movedim(image, across, 0)[:, None]
    opened = functional.max_pool2d(-functional.max_pool2d(-slices, 3, 1, 1), 3, 1, 1)
    lines = slices - opened
    lines = (lines - functional.avg_pool2d(lines, _AROUND, 1, _AROUND // 2, count_include_pad=False)).clamp(min=0)
    return image + times * torch.movedim(lines[:, 0], 0, across)


def ringing(image: Tensor, axis: int, kept: float) -> Tensor:
    """Cut the highest spatial frequencies along one axis (Gibbs)."""
    spectrum = torch.fft.rfft(image, dim=axis)
    last = max(2, int(kept * spectrum.shape[axis]))
    spectrum.narrow(axis, last, spectrum.shape[axis] - last).zero_()
    cut: Tensor = torch.fft.irfft(spectrum, n=image.shape[axis], dim=axis)
    return cut.clamp(min=0)


def wrap(image: Tensor, axis: int, share: float) -> Tensor:
    """Fold what lies beyond one end of the field of view onto the other (phase wrap)."""
    count = max(1, int(share * image.shape[axis]))
    folded = image.clone()
    end = image.narrow(axis, image.shape[axis] - count, count)
    folded.narrow(axis, 0, count).add_(0.7 * end)
    return folded


def field_of_view(shape: tuple[int, ...], rng: np.random.Generator, chance: float, most: float = 0.5) -> tuple[slice, ...]:
    """Box of voxels inside the scan: each end cut with `chance`, by up to `most` of the axis."""
    box = []
    for size in shape:
        low = int(rng.uniform(0, most) * size) if rng.random() < chance else 0
        high = size - (int(rng.uniform(0, most) * size) if rng.random() < chance else 0)
        box.append(slice(low, high) if high - low >= min(16, size) else slice(0, size))
    return tuple(box)


def gapped_slices(image: Tensor, axis: int, distance: float, thick: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Thin slices far apart, and between them what `look.look` makes of such an image: a straight line from slice to slice.

    Args:
        image: (x, y, z).
        axis: across the slices.
        distance: from slice to slice, in voxels, above 1.
        thick: of a slice, in voxels.
        rng: where the first slice lies.

    Returns:
        The image, and (size,) bool along `axis`: True as far as the scan reaches, half a slice distance beyond its first and last.
    """
    size = image.shape[axis]
    places = torch.arange(float(rng.integers(0, min(math.ceil(distance), size))), size - 0.5, distance)
    half = max(0, int(thick / 2))
    ends = [(max(0, round(p) - half), min(size, round(p) + half + 1)) for p in places.tolist()]
    slices = torch.stack([image.narrow(axis, low, high - low).mean(axis) for low, high in ends], axis)
    at = (torch.arange(size) - places[0]) / distance
    left = at.floor().clamp(0, len(places) - 1).long()
    right = (left + 1).clamp(max=len(places) - 1)
    share = (at - left).clamp(0, 1).reshape([-1 if a == axis else 1 for a in range(image.ndim)])
    mixed = slices.index_select(axis, left) * (1 - share) + slices.index_select(axis, right) * share
    return mixed, (at >= -0.5) & (at <= len(places) - 0.5)


def coil_edge(image: Tensor, axis: int, rng: np.random.Generator) -> Tensor:
    """Signal that fades towards one end of an axis, where the coil ends, to a few hundredths at most."""
    size = image.shape[axis]
    place, width = float(rng.uniform(-0.1, 0.35)) * size, float(rng.uniform(0.03, 0.12)) * size
    fade = torch.sigmoid((torch.arange(size) - place) / max(width, 0.5)).clamp(min=float(rng.uniform(0.02, 0.15)))
    fade = fade if rng.random() < 0.5 else fade.flip(0)
    return image * fade.reshape([-1 if a == axis else 1 for a in range(image.ndim)])


def cut_off(image: Tensor, share: float) -> Tensor:
    """Nothing where the signal is below `share` of the image's brightest hundredth: maps that are computed where there is signal."""
    values = image.flatten()
    bright = values[:: max(1, values.numel() // 20000)].quantile(0.99)
    return torch.where(image < share * bright, torch.zeros(()), image)
