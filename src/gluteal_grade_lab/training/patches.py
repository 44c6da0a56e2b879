"""Training samples: a synthetic image patch and its labels, from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gluteal_grade_lab.training import artefacts, metal
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.bodies import Body
from gluteal_grade_lab.training.contrast import MR_MODES, draw_contrast
from gluteal_grade_lab.training.deform import BODY_SPACING_MM, Frame, Shape
from gluteal_grade_lab.training.draw import draw_body, gluteal_labels
from gluteal_grade_lab.training.signal import draw_fat, draw_scene, image_of, texture

# In use a hip comes centred by the locator. Mostly centred samples are learnt several times faster; the others keep the network from
# painting glutei wherever the middle of its box happens to be.
_CENTRED = 0.8
# What the clinic sends most is drawn most: t1, t2, pd, stir, water, fat, in, opposed.
_MODE_SHARES = (0.2, 0.1, 0.08, 0.17, 0.17, 0.12, 0.08, 0.08)


@dataclass(frozen=True)
class Sample:
    """One training pair.

    Attributes:
        image: (x, y, z) float32, 0-1, 0 outside the field of view.
        labels: (x, y, z) uint8 class numbers.
        mode: contrast drawn, for pictures and logs.
    """

    image: Tensor
    labels: Tensor
    mode: str


class Sampler:
    """Draws samples of one look from a set of bodies.

    Args:
        bodies: training bodies.
        look: "hip" (one hip, left ones mirrored) or "locator" (both sides).
        patch: voxels of a sample.
        spacing_mm: their size.
        seed: sample `i` depends on (seed, i) alone.
    """

    def __init__(self, bodies: tuple[Body, ...], look: str, patch: tuple[int, int, int], spacing_mm: float, seed: int = 0) -> None:
        self.bodies, self.look, self.patch, self.spacing_mm, self.seed = bodies, look, patch, spacing_mm, seed

    @cached_property
    def _anatomies(self) -> tuple[tuple[Body, ...], ...]:
        """Bodies that share an anatomy count as one, and so do all phantoms: no anatomy is seen more often for having more donors."""
        groups: dict[str, list[Body]] = {}
        for body in self.bodies:
            groups.setdefault(anatomy_of(body.name), []).append(body)
        return tuple(tuple(group) for group in groups.values())

    @cached_property
    def _places(self) -> dict[tuple[str, int], np.ndarray]:
        """Some voxels of the glutei of each body and side, within what is known of it."""
        places = {}
        for body in self.bodies:
            for side in range(2):
                inside = np.isin(body.tissue, t.GLUTEI[3 * side : 3 * side + 3])
                inside[:, :, : body.span[0]] = inside[:, :, body.span[1] + 1 :] = False
                found = np.argwhere(inside)
                places[body.name, side] = found[:: max(len(found) // 3000, 1)].astype(np.float32)
        return places

    def __call__(self, index: int) -> Sample:
        """Sample number `index`."""
        rng = np.random.default_rng((self.seed, index))
        bodies = self._anatomies[int(rng.integers(len(self._anatomies)))]
        body = bodies[int(rng.integers(len(bodies)))]
        side = int(rng.integers(2))
        return self._hip(body, side, rng) if self.look == "hip" else self._locator(body, side, rng)

    def _hip(self, body: Body, side: int, rng: np.random.Generator) -> Sample:
        if rng.random() < _CENTRED:
            places = self._places[body.name, side]
            middle = (places.min(axis=0) + places.max(axis=0)) / 2 + rng.normal(0, 8.0 / BODY_SPACING_MM, 3)
            centre = (float(middle[0]), float(middle[1]), float(middle[2]))
        else:
            centre = self._centre(body, side, rng, spread_mm=25.0, stray=0.4)
        frame = Frame(self.patch, (self.spacing_mm,) * 3, centre, mirrored=side == 1)
        order = t.GLUTEI[3 * side : 3 * side + 3]
        implant = metal.draw_implant(body.heads, side if rng.random() < 0.85 else 1 - side, rng) if rng.random() < 0.12 else None
        drawn = draw_body(body, frame, Shape(), rng, implant)
        image, mode = _image(drawn.tissue, drawn.where, implant, self.spacing_mm, rng)
        return _finish(image, gluteal_labels(drawn.tissue, order), drawn.known, mode, rng, chance=0.06)

    def _locator(self, body: Body, side: int, rng: np.random.Generator) -> Sample:
        kind = rng.random()
        if kind < 0.5:  # the whole pelvis
            middle = body.heads.mean(axis=0) + np.array([0, -15, 20]) + rng.normal(0, 15.0 / BODY_SPACING_MM, 3)
            centre = (float(middle[0]), float(middle[1]), float(middle[2]))
        else:  # one hip, the other side cut away or not, or some other part
            centre = self._centre(body, side, rng, spread_mm=25.0, stray=0.3)
        fine = tuple(2 * n for n in self.patch)
        frame = Frame((fine[0], fine[1], fine[2]), (self.spacing_mm / 2,) * 3, centre)
        implant = metal.draw_implant(body.heads, side, rng) if rng.random() < 0.12 else None
        drawn = draw_body(body, frame, Shape(rotation_deg=10, tilt_deg=15, elastic_mm=8), rng, implant)
        image, mode = _image(drawn.tissue, drawn.where, implant, self.spacing_mm / 2, rng)
        image = functional.avg_pool3d(image[None, None], 2)[0, 0]
        labels = gluteal_labels(drawn.tissue, t.GLUTEI)[::2, ::2, ::2]
        known = drawn.known[::2, ::2, ::2]
        if 0.5 <= kind < 0.8:
            known = known & _one_side(drawn.where[0, ::2, ::2, ::2], body, side, rng)
        return _finish(image, labels, known, mode, rng, chance=0.12)

    def _centre(self, body: Body, side: int, rng: np.random.Generator, spread_mm: float, stray: float) -> tuple[float, float, float]:
        if rng.random() < stray:
            x, y, z = rng.uniform(0.15, 0.85, 3) * body.tissue.shape
        else:
            places = self._places[body.name, side]
            place, middle, weight = places[int(rng.integers(len(places)))], places.mean(axis=0), rng.random()
            x, y, z = weight * place + (1 - weight) * middle + rng.normal(0, spread_mm / BODY_SPACING_MM, 3)
        return float(x), float(y), float(z)


def _one_side(across: Tensor, body: Body, side: int, rng: np.random.Generator) -> Tensor:
    """A scan of one hip: it ends up to 80 mm short of the midline or up to 50 mm beyond it, often at the flank too.

    Args:
        across: (x, y, z) body voxel coordinate from left to right.
        body: whose midline.
        side: 0 the right hip, 1 the left one.
        rng: random source.
    """
    right = (across.mean(dim=(1, 2)) - float(body.heads[:, 0].mean())) * BODY_SPACING_MM
    towards = right if side == 0 else -right
    inside = towards > float(rng.uniform(-50, 80))
    if rng.random() < 0.4:
        inside &= towards < float(rng.uniform(140, 220))
    return inside[:, None, None].expand(across.shape)


def anatomy_of(name: str) -> str:
    """Whose glutei a prepared body has: `ts_s0006` of `ts_s0006_vhm`, `phantom` of every phantom."""
    return "phantom" if name.startswith("phantom") else name.rpartition("_")[0] or name


def _image(tissue: Tensor, where: Tensor, implant: metal.Implant | None, spacing_mm: float, rng: np.random.Generator) -> tuple[Tensor, str]:
    """Signal of the tissues with everything but the field of view."""
    kind = rng.random()
    mode = "ct" if kind < 0.12 else "random" if kind < 0.3 else str(rng.choice(MR_MODES, p=_MODE_SHARES))
    contrast = draw_contrast(mode, rng)
    scene = draw_scene(tissue, draw_fat(rng), rng)
    image = image_of(scene, contrast, sigma=float(rng.uniform(0.2, 0.9))) * texture(tuple(tissue.shape), rng)
    if implant is not None:
        image = metal.show(image, where, implant, BODY_SPACING_MM, mode == "ct", rng)
    if mode != "ct":
        image = artefacts.coil_shading(image, float(rng.uniform(0, 0.35)), rng)
    thick = float(rng.uniform(3, 8)) / spacing_mm if rng.random() < 0.6 else 1.0
    noise = float(np.exp(rng.uniform(np.log(0.004), np.log(0.05)))) * max(1.0, thick) ** 0.5
    image = (artefacts.gaussian_noise if mode == "ct" else artefacts.rician_noise)(image, noise, rng)
    if thick > 1.2:
        image = artefacts.thick_slices(image, int(rng.choice(3, p=(0.1, 0.25, 0.65))), thick, rng)
    if rng.random() < 0.1:
        image = artefacts.ringing(image, int(rng.integers(3)), float(rng.uniform(0.45, 0.8)))
    if rng.random() < 0.05:
        image = artefacts.wrap(image, int(rng.integers(2)), float(rng.uniform(0.05, 0.25)))
    return image, mode


def _finish(image: Tensor, labels: Tensor, known: Tensor, mode: str, rng: np.random.Generator, chance: float) -> Sample:
    """End the scan, scale as `segmentation.intensity.normalise` does, and bend the scale a little."""
    inside = torch.zeros(known.shape, dtype=torch.bool)
    inside[artefacts.field_of_view(tuple(known.shape), rng, chance)] = True
    inside &= known
    values = image[inside]
    low, high = 0.0, 1.0
    if mode != "ct" and values.numel() > 1000:
        low, high = (float(v) for v in values[:: max(1, values.numel() // 20000)].quantile(torch.tensor([0.01, 0.99])))
    image = ((image - low) / max(high - low, 1e-6)).clamp(0, 1)
    image = image ** float(np.exp(rng.normal(0, 0.2))) * float(rng.uniform(0.85, 1.1))
    zero = torch.zeros(())
    return Sample(torch.where(inside, image, zero), torch.where(inside, labels, torch.zeros((), dtype=torch.uint8)), mode)
