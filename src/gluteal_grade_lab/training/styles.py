"""How people outline one and the same muscle: a little tight, a little loose."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gluteal_grade_lab.training.signal import blur


def outline_style(labels: Tensor, spacing_mm: float, rng: np.random.Generator, glutei: tuple[int, ...] = (1, 2, 3)) -> Tensor:
    """Labels drawn tighter (background and no other class takes the rim) or looser (background only gives way), by up to 2 mm.

    Args:
        labels: (x, y, z) uint8 class numbers.
        spacing_mm: of their voxels.
        rng: random source.
        glutei: the classes whose outline moves.
    """
    inside = torch.zeros(labels.shape, dtype=torch.bool)
    for value in glutei:
        inside |= labels == value
    if not bool(inside.any()):
        return labels
    sigma = max(1.0, 2.0 / spacing_mm)
    level = 0.5 + float(rng.uniform(-0.25, 0.25))
    share = blur(inside.float(), sigma)
    out = labels.clone()
    if level > 0.5:
        out[inside & (share < level)] = 0
        return out
    best, owner = torch.zeros(labels.shape), torch.zeros_like(labels)
    for value in glutei:
        near = blur((labels == value).float(), sigma)
        owner = torch.where(near > best, torch.full_like(owner, value), owner)
        best = torch.maximum(best, near)
    grown = (labels == 0) & (share > level)
    out[grown] = owner[grown]
    return out
