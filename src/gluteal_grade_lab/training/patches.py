"""Training samples: a synthetic image patch and its labels, from a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gluteal_grade_lab.training import artefacts, classes, fields, growth, lesions, metal
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.bodies import Body
from gluteal_grade_lab.training.deform import BODY_SPACING_MM, Frame, Shape
from gluteal_grade_lab.training.draw import Drawn, draw_body
from gluteal_grade_lab.training.picture import Picture, draw_picture
from gluteal_grade_lab.training.styles import outline_style

# In use a hip comes centred by the locator. Mostly centred samples are learnt several times faster; the others keep the network from
# painting glutei wherever the middle of its box happens to be.
_CENTRED = 0.8
# How often each thing that real hips show is drawn (docs/howto/training.md).
_MASS, _GROWTH, _SWELLING, _HIDDEN_SEPTA = 0.06, 0.2, 0.06, 0.15
_LEAN, _PRONE, _BENT = 0.15, 0.08, 0.15
_ASKEW, _SMALL_FIELD, _SLAB, _MIDDLE = 0.05, 0.12, 0.05, 0.06
_FAR = 0.4  # share of bodies that are bent far beyond how people lie: a network that knows a dozen people must not know them by their shape
_STYLE = 0.1
_FILLED, _SHIFTED = 0.45, 0.7  # muscles that fill their fasciae; borders between muscles that move
# What a scan for the locator shows, up to this draw: the pelvis, one side, a box around one hip, the pelvis' middle, thighs, a belly, ...
_VIEWS = (
    ("pelvis", 0.32),
    ("side", 0.45),
    ("hip", 0.64),
    ("middle", 0.74),
    ("thigh", 0.81),
    ("belly", 0.88),
    ("slab", 0.94),
    ("anywhere", 1.0),
)
_HIP_SHAPES = Shape(), Shape(rotation_deg=10.0, tilt_deg=14.0, scale=0.18, elastic_mm=13.0, fine_elastic_mm=4.0)
_LOCATOR_SHAPES = Shape(rotation_deg=10, tilt_deg=15, elastic_mm=8), Shape(rotation_deg=12, tilt_deg=18, scale=0.18, elastic_mm=16)
_LONG_LEGS_MM = 170.0  # thighs go on so far below the lowest slice of a body, as they end there
_LEAST_VOXELS = 3000
_MULTIPLE = 16  # of voxels along each side that the networks take
_LEG_MM = 95.0  # so much thigh a body must have to go on
# The locator's patches beside the plan's: scans are wide, long or small.
_PATCHES = ((80, 64, 80), (96, 64, 48), (64, 64, 48), (48, 48, 48), (80, 80, 32))


@dataclass(frozen=True)
class Sample:
    """One training pair.

    Attributes:
        image: (x, y, z) float32, 0-1, 0 outside the field of view.
        labels: (x, y, z) uint8 class numbers.
        mode: contrast drawn, for pictures and logs.
        unknown: classes that the labels say nothing about: their voxels may carry 0.
    """

    image: Tensor
    labels: Tensor
    mode: str
    unknown: tuple[int, ...] = ()


class Sampler:
    """Draws samples of one look from a set of bodies.

    Args:
        bodies: training bodies.
        look: "hip" (one hip, left ones mirrored) or "locator" (both sides).
        patch: voxels of a sample.
        spacing_mm: their size.
        seed: sample `i` depends on (seed, i) alone.
        vary: patches of the locator of other sizes too, where a step takes one sample.
    """

    def __init__(
        self, bodies: tuple[Body, ...], look: str, patch: tuple[int, int, int], spacing_mm: float, seed: int = 0, *, vary: bool = False
    ) -> None:
        self.bodies, self.look, self.patch, self.spacing_mm, self.seed, self.vary = bodies, look, patch, spacing_mm, seed, vary

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
        implant = metal.draw_implant(body.heads, side if rng.random() < 0.85 else 1 - side, rng) if rng.random() < 0.12 else None
        shape = _HIP_SHAPES[int(rng.random() < _FAR)]
        if rng.random() < _BENT:
            shape = replace(shape, flexion_deg=22.0)
        drawn = _draw(body, frame, shape, rng, implant)
        picture, tissue = self._picture(body, drawn, self.spacing_mm, implant, rng)
        labels = classes.hip_table(side)[tissue.long()]
        if rng.random() < _STYLE:
            labels = outline_style(labels, self.spacing_mm, rng)
        known = drawn.known & picture.reach
        if rng.random() < _SMALL_FIELD:
            known &= fields.one_hip(drawn.where, body.heads[side], BODY_SPACING_MM, rng)
        elif rng.random() < _MIDDLE:
            known &= fields.middle(drawn.where, body.heads, BODY_SPACING_MM, rng)
        elif rng.random() < _SLAB:
            known &= fields.slab(drawn.where, body.heads, str(rng.choice(("thigh", "belly", "slab", "slab"))), BODY_SPACING_MM, rng)
        sample = _finish(picture, labels, known, rng, 0.06, classes.unknown(body.name, "hip"))
        return _trimmed(sample) if self.vary else sample

    def _locator(self, body: Body, side: int, rng: np.random.Generator) -> Sample:
        draw = rng.random()
        view = next(name for name, upto in _VIEWS if draw < upto)
        patch = _PATCHES[int(rng.integers(len(_PATCHES)))] if self.vary and rng.random() < 0.6 else self.patch
        legs = view in ("pelvis", "thigh", "anywhere") and _has_legs(body) and rng.random() < 0.5
        middle = body.heads.mean(axis=0) + np.array([0, -15, 20]) + rng.normal(0, 15.0 / BODY_SPACING_MM, 3)
        if legs:
            middle[2] -= float(rng.uniform(0, 130)) / BODY_SPACING_MM
        if view == "hip":
            middle[0] = body.heads[side, 0] + rng.normal(0, 30.0 / BODY_SPACING_MM)
        centre = (float(middle[0]), float(middle[1]), float(middle[2]))
        if view in ("side", "anywhere"):
            centre = self._centre(body, side, rng, spread_mm=25.0, stray=0.3 if view == "side" else 0.8)
        factor = 1.0 if rng.random() < 0.6 else 1.5  # finer voxels give softer partial volume and cost three times as much
        fine = tuple(round(factor * n) for n in patch)
        frame = Frame((fine[0], fine[1], fine[2]), (self.spacing_mm / factor,) * 3, centre)
        implant = metal.draw_implant(body.heads, side, rng) if rng.random() < 0.12 else None
        drawn = _draw(body, frame, _LOCATOR_SHAPES[int(rng.random() < _FAR)], rng, implant, legs=legs)
        picture, tissue = self._picture(body, drawn, self.spacing_mm / factor, implant, rng)
        index = [((torch.arange(n) + 0.5) * factor).long() for n in patch]

        def coarse(volume: Tensor) -> Tensor:
            return volume.index_select(0, index[0]).index_select(1, index[1]).index_select(2, index[2])

        where = torch.stack([coarse(row) for row in drawn.where])
        image = functional.interpolate(picture.image[None, None], size=patch, mode="area")[0, 0]
        labels = classes.locator_labels(coarse(tissue), where[0] > float(body.heads[:, 0].mean()))
        known = coarse(drawn.known & picture.reach)
        if view == "side":
            known = known & _one_side(where[0], body, side, rng)
        elif view == "hip":
            known = known & fields.one_hip(where, body.heads[side], BODY_SPACING_MM, rng)
        elif view == "middle":
            known = known & fields.middle(where, body.heads, BODY_SPACING_MM, rng)
        elif view in ("thigh", "belly", "slab"):
            known = known & fields.slab(where, body.heads, view, BODY_SPACING_MM, rng)
        sample = _finish(Picture(image, picture.mode, known), labels, known, rng, 0.1, classes.unknown(body.name, "locator"))
        return _trimmed(sample) if self.vary else sample

    def _picture(
        self, body: Body, drawn: Drawn, spacing_mm: float, implant: metal.Implant | None, rng: np.random.Generator
    ) -> tuple[Picture, Tensor]:
        """What the scanner shows of a body, and the tissue that the labels are taken from."""
        organless = body.name.startswith("pelvicref")
        if rng.random() < (0.8 if organless else 0.15):
            lesions.add_bowel(drawn.tissue, rng)
        mass, kind = None, rng.random()
        if kind < _GROWTH:
            drawn, mass = growth.grow(drawn, spacing_mm, rng)
        elif kind < _GROWTH + _MASS:
            mass = lesions.add_mass(drawn.tissue, spacing_mm, rng)
        shown = tissue = drawn.tissue
        if rng.random() < (0.5 if organless else _HIDDEN_SEPTA):
            shown = lesions.hide_septa(tissue, spacing_mm, rng, widest_mm=float(rng.uniform(2.5, 8.0 if organless else 4.0)))
        swelling, thin_fat = rng.random() < _SWELLING, self.look == "hip"
        picture = draw_picture(shown, drawn.where, implant, spacing_mm, rng, mass, swelling=swelling, thin_fat=thin_fat)
        return picture, tissue

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


def _has_legs(body: Body) -> bool:
    """Thighs of its own, long enough to go on as they end."""
    below = (float(body.heads[:, 2].mean()) - body.span[0]) * BODY_SPACING_MM
    return below > _LEG_MM and not body.name.endswith("_loose")


def _draw(body: Body, frame: Frame, shape: Shape, rng: np.random.Generator, implant: metal.Implant | None, *, legs: bool = False) -> Drawn:
    """`draw_body`, now and then lean, prone, or with thighs that go on below the body's end."""
    thin = float(rng.uniform(2.0, 8.0)) if rng.random() < _LEAN else None
    if body.name.endswith("_skin"):  # brings its own fat: what is added is skin
        thin = float(rng.uniform(2.5, 6.0))
    legs_mm = _LONG_LEGS_MM if legs else 0.0
    drawn = draw_body(body, frame, shape, rng, implant, thin, shift_borders=_SHIFTED, legs_mm=legs_mm, fill=_FILLED)
    if rng.random() < _PRONE:
        front = np.nonzero((body.outside_mm == 0).any(axis=(0, 2)))[0][-1]
        drawn.tissue[drawn.where[1] > float(front) - float(rng.uniform(-15, 15)) / BODY_SPACING_MM] = t.AIR
    return drawn


def _finish(picture: Picture, labels: Tensor, known: Tensor, rng: np.random.Generator, chance: float, unknown: tuple[int, ...]) -> Sample:
    """End the scan, scale as `segmentation.intensity.normalise` does, and bend the scale a little."""
    inside = torch.zeros(known.shape, dtype=torch.bool)
    inside[artefacts.field_of_view(tuple(known.shape), rng, chance)] = True
    inside &= known
    if rng.random() < _ASKEW:
        inside &= fields.askew(tuple(known.shape), rng)
    if int((inside & (picture.image > 0)).sum()) < _LEAST_VOXELS:  # an empty picture teaches nothing
        inside = torch.ones_like(inside)
    image, values = picture.image, picture.image[inside]
    low, high = 0.0, 1.0
    if picture.mode != "ct" and values.numel() > 1000:
        low, high = (float(v) for v in values[:: max(1, values.numel() // 20000)].quantile(torch.tensor([0.01, 0.99])))
    image = ((image - low) / max(high - low, 1e-6)).clamp(0, 1)
    if picture.mode == "ct":
        image = torch.where(image > 0, 1 - image, image)
    image = image ** float(np.exp(rng.normal(0, 0.2))) * float(rng.uniform(0.85, 1.1))
    zero = torch.zeros(())
    labels = torch.where(inside, labels, torch.zeros((), dtype=torch.uint8))
    return Sample(torch.where(inside, image, zero), labels, picture.mode, unknown)


def _trimmed(sample: Sample) -> Sample:
    """The part that the scan reaches, as `look.network_grid` covers it: an instance norm sees how much of its grid is empty."""
    seen = sample.image > 0
    if not bool(seen.any()):  # CT of air beside the body
        return sample
    box = []
    for axis in range(3):
        used = seen.movedim(axis, 0).flatten(1).any(dim=1).nonzero()[:, 0]
        low, high = int(used[0]), int(used[-1]) + 1
        size = seen.shape[axis]
        length = min(size, max(2 if axis == 2 else 1, -(-(high - low) // _MULTIPLE)) * _MULTIPLE)
        start = min(max(0, (low + high - length) // 2), size - length)
        box.append(slice(start, start + length))
    x, y, z = box
    return replace(sample, image=sample.image[x, y, z].contiguous(), labels=sample.labels[x, y, z].contiguous())
