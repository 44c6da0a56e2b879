"""From tissues to signal: intramuscular fat, fascia, vessels and texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.contrast import Contrast
from gluteal_grade_lab.training.noise import field, smooth


@dataclass(frozen=True)
class Fat:
    """Mean intramuscular fat fraction by tissue value, and how it lies.

    Attributes:
        mean: (tissues.COUNT,) 0-0.95; 0 where it is no muscle.
        streaks: 0 evenly spread, 1 pure fat beside pure muscle.
    """

    mean: np.ndarray
    streaks: float


def draw_fat(rng: np.random.Generator, level: float | None = None) -> Fat:
    """Fat of all muscles of one body.

    Args:
        rng: random source.
        level: mean FF of the glutei, 0-0.95; drawn if None (half of the bodies lean, a fifth severe).
    """
    if level is None:
        kind = rng.random()
        level = float(rng.uniform(0.0, 0.15) if kind < 0.5 else rng.uniform(0.1, 0.5) if kind < 0.8 else rng.uniform(0.4, 0.9))
    mean = np.zeros(t.COUNT, np.float32)
    others = rng.uniform(0.0, 0.15) if rng.random() < 0.7 else rng.uniform(0.3, 1.0) * level
    mean[list(t.OTHER_MUSCLES)] = np.clip(others + rng.normal(0, 0.04, len(t.OTHER_MUSCLES)), 0, 0.9)
    side = level * rng.uniform(0.3, 1.0, 2) if rng.random() < 0.4 else np.full(2, level)
    for index, value in enumerate(t.GLUTEI):
        mean[value] = np.clip(side[index // 3] * np.exp(rng.normal(0, 0.25)) + rng.normal(0, 0.02), 0, 0.95)
    return Fat(mean, float(rng.uniform(0, 1)))


def fat_fraction(tissue: Tensor, fat: Fat, rng: np.random.Generator) -> Tensor:
    """Voxelwise intramuscular fat fraction, 0 outside muscle; diffuse, lobular or streaky. Shape of `tissue`."""
    index = tissue.long()
    table = torch.from_numpy(fat.mean)
    mean = table[index]
    pattern = field(str(rng.choice(("lobular", "streaky", "streaky"))), tuple(tissue.shape), rng)
    # the share `mean` of a normal field lies above this value
    threshold = -torch.special.ndtri(table.clamp(0.005, 0.97))[index]
    streaks = torch.sigmoid((pattern - threshold) / 0.35)
    trend = 1 + 0.3 * smooth(tuple(tissue.shape), (3, 3, 3), rng)[0]
    mixed = ((1 - fat.streaks) * mean * trend + fat.streaks * streaks).clamp(0, 0.97)
    return torch.where(mean > 0, mixed, torch.zeros(()))


def any_of(tissue: Tensor, values: tuple[int, ...]) -> Tensor:
    """Where a tissue map holds one of these values; bool, shape of `tissue`."""
    table = torch.zeros(256, dtype=torch.bool)
    table[list(values)] = True
    return table[tissue.long()]


def fat_planes(tissue: Tensor, rng: np.random.Generator) -> Tensor:
    """Share of fat (0-1) in the voxels where two muscles touch: a thin plane, here and there missing."""
    muscle = any_of(tissue, t.MUSCLES)
    edge = torch.zeros(tissue.shape, dtype=torch.bool)
    for axis in range(3):
        here, there = tissue.narrow(axis, 0, tissue.shape[axis] - 1), tissue.narrow(axis, 1, tissue.shape[axis] - 1)
        both = muscle.narrow(axis, 0, tissue.shape[axis] - 1) & muscle.narrow(axis, 1, tissue.shape[axis] - 1)
        edge.narrow(axis, 0, tissue.shape[axis] - 1).logical_or_((here != there) & both)
    seen = torch.sigmoid(2.0 * field("broad", tuple(tissue.shape), rng) + float(rng.uniform(-0.5, 1.5)))
    amount = 0.9 * float(rng.uniform(0, 1)) ** 0.5 * seen
    return torch.where(edge, amount, torch.zeros(()))


def sheets(tissue: Tensor, rng: np.random.Generator) -> Tensor:
    """Share of fat (0-1) in septa within muscles, in three of five draws: here and there as bright and as long as the planes between them.

    Without them every line in a muscle is the border of two, and a network that looks for lines ends medius at its own septum.
    """
    if rng.random() < 0.4:
        return torch.zeros(tissue.shape)
    shape = tuple(tissue.shape)
    sheet = torch.exp(-((field("broad", shape, rng) / float(rng.uniform(0.05, 0.2))) ** 2))
    amount = float(rng.uniform(0.1, 0.9)) * torch.sigmoid(2.0 * field("broad", shape, rng) + float(rng.uniform(-1.5, 1.0)))
    return torch.where(any_of(tissue, t.MUSCLES), sheet * amount, torch.zeros(()))


def add_vessels(tissue: Tensor, rng: np.random.Generator) -> None:
    """Thin vessels in the fat: where two smooth fields are both near zero (in place)."""
    shape = tuple(tissue.shape)
    near = (field("broad", shape, rng).abs() < 0.1) & (field("lobular", shape, rng).abs() < 0.25)
    wanted = near & ((tissue == t.FAT) | (tissue == t.VISCERAL_FAT))
    tissue[wanted] = t.VEIN if rng.random() < 0.6 else t.ARTERY


def septa(tissue: Tensor, rng: np.random.Generator) -> Tensor:
    """Water share (0-1) of fibrous septa and strands inside fat."""
    sheet = torch.exp(-((field("lobular", tuple(tissue.shape), rng) / 0.12) ** 2)) * float(rng.uniform(0, 0.35))
    return torch.where((tissue == t.FAT) | (tissue == t.VISCERAL_FAT), sheet, torch.zeros(()))


def blur(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur by `sigma` voxels, replicated at the border. Shape (x, y, z)."""
    if sigma < 0.2:
        return image
    radius = max(1, round(2.5 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    out = image[None, None]
    for axis in range(3):
        weights = kernel.reshape([-1 if a == axis else 1 for a in range(3)])[None, None]
        pad = [0, 0, 0, 0, 0, 0]
        pad[2 * (2 - axis)] = pad[2 * (2 - axis) + 1] = radius
        out = functional.conv3d(functional.pad(out, pad, mode="replicate"), weights)
    return out[0, 0]


@dataclass(frozen=True)
class Scene:
    """Tissues and the fat in them, before any contrast.

    Attributes:
        tissue: (x, y, z) uint8.
        ff: intramuscular fat fraction and fat planes, 0-1.
        fibres: share of fibrous septa in fat, 0-1.
    """

    tissue: Tensor
    ff: Tensor
    fibres: Tensor


def draw_scene(tissue: Tensor, fat: Fat, rng: np.random.Generator) -> Scene:
    """Fat, fat planes between and within muscles, and septa for a tissue map."""
    ff = torch.maximum(torch.maximum(fat_fraction(tissue, fat, rng), fat_planes(tissue, rng)), sheets(tissue, rng))
    return Scene(tissue, ff, septa(tissue, rng))


def image_of(scene: Scene, contrast: Contrast, sigma: float) -> Tensor:
    """Noise-free image (x, y, z) of a scene; `sigma` is the point spread in voxels."""
    index = scene.tissue.long()
    water = torch.from_numpy(contrast.water)[index]
    fibre_signal = 0.6 * float(contrast.water[t.GLUTEI[0]])
    if contrast.opposed is None:
        image = water * (1 - scene.ff) + contrast.fat * scene.ff
        return blur(image * (1 - scene.fibres) + fibre_signal * scene.fibres, sigma)
    fatty = torch.from_numpy(contrast.opposed)[index]
    water_part = water * (1 - scene.ff) * (1 - scene.fibres) + fibre_signal * scene.fibres
    fat_part = (fatty * (1 - scene.ff) + contrast.fat * scene.ff) * (1 - scene.fibres)
    # the difference is taken in each voxel after mixing: dark rims where fat meets water
    return (blur(water_part, sigma) - blur(fat_part, sigma)).abs()


def texture(shape: tuple[int, ...], rng: np.random.Generator) -> Tensor:
    """Multiplicative grain of tissue, mean 1."""
    grain = float(rng.uniform(0, 0.08)) * field("fine", shape, rng) + float(rng.uniform(0, 0.06)) * field("lobular", shape, rng)
    return 1 + grain
