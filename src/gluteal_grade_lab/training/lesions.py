"""What patients have in and beside their muscles: masses, fluid and scars, and septa that cannot be seen."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.noise import field, smooth
from gluteal_grade_lab.training.signal import any_of, blur

_SOFT = (*t.MUSCLES, t.FAT, t.TENDON)


def add_mass(tissue: Tensor, spacing_mm: float, rng: np.random.Generator) -> Tensor:
    """A lobular mass of 2 to 10 cm, in a gluteus in three of five draws, else beside it (in place).

    A mass most of which lies in one gluteus counts as that muscle, and where it bulges into the fat it takes the muscle's outline with it,
    which is how it is drawn by hand.

    Args:
        tissue: what the labels come from.
        spacing_mm: of its voxels.
        rng: random source.

    Returns:
        (x, y, z) bool: where the picture shows the mass.
    """
    inside = rng.random() < 0.6
    places = (any_of(tissue, t.GLUTEI) if inside else any_of(tissue, _SOFT)).nonzero()
    mass: Tensor = torch.zeros(tissue.shape, dtype=torch.bool)
    if not len(places):
        return mass
    centre = places[int(rng.integers(len(places)))]
    radii = float(np.exp(rng.uniform(np.log(10), np.log(45)))) * np.exp(rng.normal(0, 0.25, 3)) / spacing_mm
    axes = [((torch.arange(n) - c) / r) ** 2 for n, c, r in zip(tissue.shape, centre.tolist(), radii, strict=True)]
    distance = (axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :]).sqrt()
    lobes = 0.25 * field("broad", tuple(tissue.shape), rng)
    mass = (distance + lobes < 1) & any_of(tissue, _SOFT)
    owner = int(tissue[tuple(centre.tolist())])
    if inside and float((tissue[mass] == owner).float().mean()) >= 0.5:
        tissue[mass & (tissue == t.FAT)] = owner
    return mass


def show_mass(image: Tensor, mass: Tensor, rng: np.random.Generator) -> Tensor:
    """A mass in the picture: as bright as what it lies in, or dark to bright; uneven, often with a brighter or darker middle, often with
    a capsule."""
    signal = float(rng.uniform(0.1, 1.0)) * float(image.max()) if image.numel() else 1.0
    if rng.random() < 0.5 and bool(mass.any()):
        signal = float(image[mass].median()) * float(np.exp(rng.normal(0, 0.25)))
    uneven = signal * (1 + float(rng.uniform(0, 0.4)) * field("broad", tuple(image.shape), rng)).clamp(0.1, 2)
    uneven = uneven + float(rng.uniform(0, 0.3)) * signal * field("lobular", tuple(image.shape), rng)
    share = blur(mass.float(), 0.7)
    if rng.random() < 0.5:
        uneven = uneven * (1 + float(rng.choice((-0.8, 1.5))) * float(rng.uniform(0.2, 1.0)) * (4 * share * (1 - share)))
    return image * (1 - share) + uneven.clamp(min=0) * share


def show_swelling(image: Tensor, rng: np.random.Generator, spacing_mm: float) -> Tensor:
    """Oedema, fluid or scar: a cloud of up to a decimetre in which every tissue comes near one signal."""
    shape = tuple(image.shape)
    centre = [float(rng.uniform(0.2, 0.8)) * n for n in shape]
    reach = float(rng.uniform(25, 80)) / spacing_mm
    axes = [((torch.arange(n) - c) / reach) ** 2 for n, c in zip(shape, centre, strict=True)]
    distance = (axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :]).sqrt()
    cloud = torch.sigmoid((1 - distance + 0.3 * field("broad", shape, rng)) / 0.15) * float(rng.uniform(0.2, 0.75))
    target = float(rng.uniform(0.1, 1.0)) * float(image.max())
    seen = (image > 0.04 * float(image.max())).float()  # cortex and air stay dark
    return image * (1 - cloud * seen) + target * cloud * seen


def hide_septa(tissue: Tensor, spacing_mm: float, rng: np.random.Generator, widest_mm: float = 4.0) -> Tensor:
    """Tissue for the picture in which thin fat between muscles looks like muscle; labels are taken from the tissue given.

    Args:
        tissue: (x, y, z) uint8.
        spacing_mm: of its voxels.
        rng: random source.
        widest_mm: half of the widest gap that is closed, about.
    """
    muscle = any_of(tissue, t.MUSCLES)
    near = blur(muscle.float(), float(rng.uniform(0.5, 1.0)) * widest_mm / spacing_mm)
    patchy = 0.55 + 0.08 * smooth(tuple(tissue.shape), (4, 4, 4), rng)[0]
    closed = (tissue == t.FAT) & (near > patchy)
    shown = tissue.clone()
    shown[closed] = int(rng.choice(t.MUSCLES))
    return shown


def add_bowel(tissue: Tensor, rng: np.random.Generator) -> None:
    """Loops of bowel in visceral fat that has none (in place): bodies drawn without their organs."""
    loops = field("broad", tuple(tissue.shape), rng) > float(rng.uniform(-0.3, 0.8))
    tissue[(tissue == t.VISCERAL_FAT) & loops] = t.BOWEL
