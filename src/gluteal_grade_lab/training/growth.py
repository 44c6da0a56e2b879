"""A mass that grew: it pushes muscles aside, and they drape over it, as sarcomas of buttock and thigh do."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.draw import Drawn
from gluteal_grade_lab.training.noise import field
from gluteal_grade_lab.training.signal import any_of, blur

_BONES = (t.CORTICAL_BONE, t.MARROW_FEMUR, t.MARROW_PELVIS, t.MARROW_SPINE, t.CORTEX_FEMUR, t.CORTEX_SPINE)
_BONE_MM = 5.0  # bone does not give way, and little that lies nearer to it than this does
# Where masses begin, by weight: in a gluteus, in another muscle, in fat.
_PLACES = (0.35, 0.45, 0.2)
# A mass that began in a gluteus counts as that muscle where at least this share of what lies around it is that muscle: raters outline a
# muscle with what lies within it, and not what only touches it.
_SURROUNDED = 0.5
_AROUND_MM = 4.0


def grow(drawn: Drawn, spacing_mm: float, rng: np.random.Generator) -> tuple[Drawn, Tensor]:
    """A drawn body with a mass of one to five lobes, 3 to 10 cm across, the first the largest, and what it pushed aside.

    A lobe takes the place of a core of its own middle and moves the rest outwards without changing its volume.

    Args:
        drawn: at rest.
        spacing_mm: of its voxels.
        rng: random source.

    Returns:
        The body after the growth, the mass labelled as the gluteus in which it began if that surrounds it still, else as `TUMOUR`;
        and (x, y, z) bool, the mass.
    """
    mass: Tensor = torch.zeros(drawn.tissue.shape, dtype=torch.bool)
    start = _start(drawn.tissue, rng)
    if start is None:
        return drawn, mass
    centre, owner = start
    still = blur(any_of(drawn.tissue, _BONES).float(), _BONE_MM / spacing_mm).clamp(0, 0.5) * 2
    place = torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in drawn.tissue.shape), indexing="ij"))
    at_rest = place.clone()
    for lobe in range(int(rng.integers(1, 6))):
        radius = float(np.exp(rng.uniform(np.log(14), np.log(50)))) / (1 + 0.3 * lobe) / spacing_mm
        middle = torch.tensor(centre, dtype=torch.float32) + (
            torch.from_numpy(rng.normal(0, 0.7, 3).astype(np.float32)) * radius if lobe else 0
        )
        at_rest, inside = _lobe(at_rest, middle, radius * np.exp(rng.normal(0, 0.15, 3)), rng)
        mass |= inside
    moved = place + (at_rest - place) * (1 - still)
    index = [row.round().long().clamp(0, n - 1) for row, n in zip(moved, drawn.tissue.shape, strict=True)]
    tissue = drawn.tissue[index[0], index[1], index[2]]
    mass &= (tissue != t.AIR) & ~any_of(tissue, _BONES)
    tissue[mass] = owner if _surrounds(tissue == owner, mass, spacing_mm) else t.TUMOUR
    where = torch.stack([row[index[0], index[1], index[2]] for row in drawn.where])
    return Drawn(tissue, drawn.known, where), mass


def _surrounds(muscle: Tensor, mass: Tensor, spacing_mm: float) -> bool:
    """Whether most of what lies around a mass is that muscle."""
    around = (blur(mass.float(), _AROUND_MM / spacing_mm) > 0.1) & ~mass
    return bool(around.any()) and float(muscle[around].float().mean()) >= _SURROUNDED


def _start(tissue: Tensor, rng: np.random.Generator) -> tuple[list[float], int] | None:
    """Voxel where the mass begins, and its gluteus or `TUMOUR`; None where there is no soft tissue."""
    kinds = (t.GLUTEI, tuple(t.OTHER_MUSCLES), (t.FAT,))
    first = int(rng.choice(3, p=_PLACES))
    for kind in (first, 0, 1, 2):
        places = any_of(tissue, kinds[kind]).nonzero()
        if len(places):
            centre = places[int(rng.integers(len(places)))].tolist()
            return [float(c) for c in centre], int(tissue[tuple(centre)]) if kind == 0 else t.TUMOUR
    return None


def _lobe(place: Tensor, middle: Tensor, radii: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Where what lies at `place` after the growth of a lobe lay before, and what lies within the lobe."""
    away = place - middle[:, None, None, None]
    reach = ((away / torch.from_numpy(radii.astype(np.float32))[:, None, None, None]) ** 2).sum(dim=0).sqrt()
    reach = (reach * (1 + 0.12 * field("broad", tuple(reach.shape), rng))).clamp(min=1e-3)
    core = float(rng.uniform(0.2, 0.8)) ** 3  # share of the lobe's room whose tissue is gone
    before = (reach**3 - (1 - core)).clamp(min=0) ** (1 / 3)
    inside = reach < 1
    return middle[:, None, None, None] + away * torch.where(inside, 1.0, before / reach), inside
