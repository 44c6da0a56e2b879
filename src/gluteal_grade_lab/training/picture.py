"""The picture of a drawn body: contrast, fat, lesions, and what the scanner does to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gluteal_grade_lab.training import artefacts, lesions, metal
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.contrast import MR_MODES, draw_contrast
from gluteal_grade_lab.training.deform import BODY_SPACING_MM
from gluteal_grade_lab.training.signal import Fat, draw_fat, draw_scene, image_of, texture

# What the clinic sends most is drawn most: t1, t2, pd, stir, water, fat, in, opposed.
_MODE_SHARES = (0.2, 0.1, 0.08, 0.17, 0.17, 0.12, 0.08, 0.08)
_REPLACED, _STRONG_SHADING, _COIL_EDGE, _CUT_OFF = 0.15, 0.2, 0.12, 0.1
_THICK, _GAPPED = 0.45, 0.65  # up to these draws slices are thick, or thin and apart
_PLAINER, _TIMES = 0.7, (0.5, 2.0)  # how often thin fat is made plainer as `segmentation.thin_fat` does, and how much


@dataclass(frozen=True)
class Picture:
    """A picture before the field of view and the scale.

    Attributes:
        image: (x, y, z) float32.
        mode: contrast drawn.
        reach: (x, y, z) bool: as far as the slices reach.
    """

    image: Tensor
    mode: str
    reach: Tensor


def draw_picture(
    tissue: Tensor,
    where: Tensor,
    implant: metal.Implant | None,
    spacing_mm: float,
    rng: np.random.Generator,
    mass: Tensor | None = None,
    *,
    swelling: bool = False,
    thin_fat: bool = False,
) -> Picture:
    """Signal of the tissues with everything but the field of view; with `thin_fat` as the fine look sees it, in most draws."""
    kind = rng.random()
    mode = "ct" if kind < 0.12 else "random" if kind < 0.3 else str(rng.choice(MR_MODES, p=_MODE_SHARES))
    contrast = draw_contrast(mode, rng)
    scene = draw_scene(tissue, replaced(rng) if rng.random() < _REPLACED else draw_fat(rng), rng)
    image = image_of(scene, contrast, sigma=float(rng.uniform(0.2, 0.9))) * texture(tuple(tissue.shape), rng)
    if mass is not None and bool(mass.any()):
        image = lesions.show_mass(image, mass, rng)
    if swelling:
        image = lesions.show_swelling(image, rng, spacing_mm)
    if implant is not None:
        image = metal.show(image, where, implant, BODY_SPACING_MM, mode == "ct", rng)
    if mode != "ct":
        strong = rng.random() < _STRONG_SHADING
        image = artefacts.coil_shading(image, float(rng.uniform(0.35, 0.8) if strong else rng.uniform(0, 0.35)), rng)
        if rng.random() < _COIL_EDGE:
            image = artefacts.coil_edge(image, int(rng.choice(3, p=(0.1, 0.1, 0.8))), rng)
    kind = rng.random()
    axis = int(rng.choice(3, p=(0.1, 0.25, 0.65)))
    thick_mm = float(rng.uniform(3, 8))
    thick = max(1.0, thick_mm / spacing_mm) if kind < _GAPPED else 1.0
    noise = float(np.exp(rng.uniform(np.log(0.004), np.log(0.05)))) * thick**0.5
    image = (artefacts.gaussian_noise if mode == "ct" else artefacts.rician_noise)(image, noise, rng)
    reach = torch.ones(image.shape, dtype=torch.bool)
    if thick > 1.2 and kind < _THICK:
        image = artefacts.thick_slices(image, axis, thick, rng)
    elif kind < _GAPPED:
        distance = max(float(np.exp(rng.uniform(np.log(max(5.0, thick_mm)), np.log(26.0)))) / spacing_mm, 1.2)
        image, seen = artefacts.gapped_slices(image, axis, distance, min(thick, distance), rng)
        reach = reach & seen.reshape([-1 if a == axis else 1 for a in range(3)])
    if rng.random() < 0.1:
        image = artefacts.ringing(image, int(rng.integers(3)), float(rng.uniform(0.45, 0.8)))
    if rng.random() < 0.05:
        image = artefacts.wrap(image, int(rng.integers(2)), float(rng.uniform(0.05, 0.25)))
    bright = mode != "ct" and contrast.fat > float(contrast.water[t.GLUTEI[0]])
    if thin_fat and bright and rng.random() < _PLAINER:
        image = artefacts.thin_lines(image, axis, float(rng.uniform(*_TIMES)))
    if mode != "ct" and rng.random() < _CUT_OFF:
        image = artefacts.cut_off(image, float(rng.uniform(0.02, 0.15)))
    return Picture(image, mode, reach)


def replaced(rng: np.random.Generator) -> Fat:
    """Muscle replaced by fat, 60 to 95 %: all glutei, one side, or some of them."""
    fat = draw_fat(rng, float(rng.uniform(0.6, 0.95)))
    spared = rng.random()
    keep = [v for i, v in enumerate(t.GLUTEI) if (spared < 0.3 and i // 3 == 0) or (0.3 <= spared < 0.6 and rng.random() < 0.5)]
    mean = fat.mean.copy()
    mean[keep] = rng.uniform(0, 0.3)
    return Fat(mean, fat.streaks)
