"""A hip implant in a training image: void, pile-up, distortion; on CT bright metal and streaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gluteal_grade_lab.training.noise import field


@dataclass(frozen=True)
class Implant:
    """A stem and cup.

    Attributes:
        head: body voxel of the joint.
        radius_mm: of the void around the joint.
        stem_mm: length of the stem below it.
        direction: readout axis of the distortion.
        lateral: +1 where body x grows outwards (right hip), -1 left.
    """

    head: tuple[float, float, float]
    radius_mm: float
    stem_mm: float
    direction: int
    lateral: float


def draw_implant(heads: np.ndarray, side: int, rng: np.random.Generator) -> Implant:
    """An implant at one of the two hips (0 right, 1 left); the radius spans MARS to conventional sequences (28-78 mm across)."""
    x, y, z = (float(v) for v in heads[side] + rng.normal(0, 3, 3))
    return Implant((x, y, z), float(rng.uniform(14, 39)), float(rng.uniform(60, 140)), int(rng.integers(2)), 1.0 if side == 0 else -1.0)


def _distance_mm(implant: Implant, where: Tensor, spacing_mm: float) -> Tensor:
    """Distance to the joint and stem: a ball and a capsule that runs down and outwards."""
    dx, dy, dz = (where[a] - implant.head[a] for a in range(3))
    along = (-dz * spacing_mm).clamp(0, implant.stem_mm)
    out = implant.lateral * (along / implant.stem_mm) ** 0.5 * 38.0 / spacing_mm
    ball = torch.sqrt(dx * dx + dy * dy + dz * dz) * spacing_mm
    stem = torch.sqrt((dx - out) ** 2 + dy * dy + (dz + along / spacing_mm) ** 2) * spacing_mm + 0.45 * implant.radius_mm
    return torch.minimum(ball, stem)


def distort(where: Tensor, implant: Implant, spacing_mm: float, rng: np.random.Generator) -> None:
    """Shift the readout coordinate near the metal (in place): what is seen lies elsewhere than it is, labels with it."""
    dx, dy, dz = (where[a] - implant.head[a] for a in range(3))
    distance = torch.sqrt(dx * dx + dy * dy + dz * dz) * spacing_mm
    amount = float(rng.uniform(-8, 8)) / spacing_mm
    where[implant.direction] += amount * torch.exp(-((distance / (1.3 * implant.radius_mm)) ** 2))


def show(image: Tensor, where: Tensor, implant: Implant, spacing_mm: float, ct: bool, rng: np.random.Generator) -> Tensor:
    """The image with the implant in it."""
    shape = tuple(image.shape)
    distance = _distance_mm(implant, where, spacing_mm) + 5.0 * field("broad", shape, rng)
    bright = float(image.flatten()[::97].quantile(0.95))
    if ct:
        metal = distance < 0.75 * implant.radius_mm
        dx, dy = where[0] - implant.head[0], where[1] - implant.head[1]
        angle = torch.atan2(dy, dx)
        reach = torch.exp(-distance.clamp(min=0) / float(rng.uniform(25, 60)))
        lines = torch.sin(angle * float(rng.integers(5, 17)) + where[2] * 0.35) * float(rng.uniform(0.1, 0.5))
        near = torch.exp(-(((where[2] - implant.head[2]) * spacing_mm / 35.0) ** 2))
        return torch.where(metal, torch.full((), 1.6), image + lines * reach * near)
    rim = float(rng.uniform(4, 10))
    pile = (
        (distance >= implant.radius_mm)
        & (distance < implant.radius_mm + rim)
        & (field("lobular", shape, rng) > float(rng.uniform(-0.5, 1.0)))
    )
    image = torch.where(pile, image + float(rng.uniform(0.5, 1.6)) * bright, image)
    void = torch.sigmoid((distance - implant.radius_mm) / 1.2)
    return image * void
