"""A whole synthetic study in clinical geometry with its exact labels: for evaluation, not for training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gluteal_grade.geometry import Volume
from gluteal_grade.vocabulary import Muscle, Part, Region, Side, label_value
from gluteal_grade_lab.training import artefacts
from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.bodies import Body
from gluteal_grade_lab.training.classes import TFL
from gluteal_grade_lab.training.contrast import Contrast, draw_contrast
from gluteal_grade_lab.training.deform import BODY_SPACING_MM, Frame, Shape
from gluteal_grade_lab.training.draw import draw_body
from gluteal_grade_lab.training.signal import draw_fat, draw_scene, image_of, texture

Plane = Literal["axial", "coronal", "sagittal"]
FieldOfView = Literal["whole", "right_hip", "left_hip", "cut_top", "cut_bottom"]
_SLICE_AXIS = {"axial": 2, "coronal": 1, "sagittal": 0}
_MARGIN_MM = 25.0
# half of what training sees: bodies that one would meet, not the ends of the range
_SUBTLE = Shape(rotation_deg=4.0, tilt_deg=6.0, scale=0.06, elastic_mm=4.0, fine_elastic_mm=1.0, flexion_deg=5.0)


@dataclass(frozen=True)
class StudyDraw:
    """What to make.

    Attributes:
        mode: a contrast of `contrast.MODES`.
        plane: slices.
        slice_mm: thickness and distance of slices.
        in_plane_mm: voxel size within a slice.
        fov: how much of the pelvis is in view.
        fat_percent: mean fat of the glutei, 0-95; drawn if None.
        shape: how far the body is deformed.
        noise: standard deviation over the signal of subcutaneous fat on T1; drawn (0.01-0.04) if None.
    """

    mode: str = "t1"
    plane: Plane = "axial"
    slice_mm: float = 5.0
    in_plane_mm: float = 1.3
    fov: FieldOfView = "whole"
    fat_percent: float | None = None
    shape: Shape = _SUBTLE
    noise: float | None = None


@dataclass(frozen=True)
class SynthStudy:
    """A study and its truth, all on one grid.

    Attributes:
        image: the contrast asked for; CT in HU.
        labels: uint8 with the values of `anatomy.label_value`: the glutei.
        beside: the same of the tensors fasciae latae, which are the body's own or grafts.
        make_dixon: makes water and fat images of the same body.
    """

    image: Volume
    labels: Volume
    make_dixon: Callable[[], tuple[Volume, Volume]]
    beside: Volume

    @cached_property
    def dixon(self) -> tuple[Volume, Volume]:
        """Water and fat images of the same body; made when first asked for."""
        return self.make_dixon()


def draw_study(body: Body, draw: StudyDraw, seed: int) -> SynthStudy:
    """A study from a body; the same arguments give the same study.

    The bodies' shape depends on the seed alone, so that two draws that differ in contrast or fat show one anatomy.

    Raises:
        ValueError: unknown mode, plane or field of view.
    """
    shape_rng, rng = np.random.default_rng((seed, 0)), np.random.default_rng((seed, 1))
    axis = _SLICE_AXIS[draw.plane]
    sub = max(1, round(draw.slice_mm / BODY_SPACING_MM))
    spacing = [draw.in_plane_mm] * 3
    spacing[axis] = draw.slice_mm / sub
    low, high = _box(body, draw.fov)
    counts = [max(8, round((b - a) * BODY_SPACING_MM / s)) for a, b, s in zip(low, high, spacing, strict=True)]
    counts[axis] = max(2, counts[axis] // sub) * sub
    frame = Frame((counts[0], counts[1], counts[2]), (spacing[0], spacing[1], spacing[2]), tuple((low + high) / 2))
    # borders between muscles stay where this body has them: where neighbours of like signal meet, nothing in the picture would show a shift
    skin_mm = float(shape_rng.uniform(12, 40))
    drawn = draw_body(body, frame, draw.shape, shape_rng, subcutaneous_mm=skin_mm, shift_borders=0.0)
    tissue = torch.where(drawn.known, drawn.tissue, torch.zeros((), dtype=torch.uint8))
    fat = draw_fat(rng, None if draw.fat_percent is None else draw.fat_percent / 100.0)
    scene = draw_scene(tissue, fat, rng)
    grain = texture(tuple(tissue.shape), rng)
    noise = float(rng.uniform(0.01, 0.04)) if draw.noise is None else draw.noise
    shading = float(rng.uniform(0.05, 0.25))
    shading_seed = int(rng.integers(2**31))
    affine = np.diag([*(s * (sub if a == axis else 1) for a, s in enumerate(spacing)), 1.0])
    affine[:3, 3] = -np.array(counts) * np.array(spacing) / 2

    def picture(mode: str, contrast: Contrast) -> Volume:
        sliced = _slices(image_of(scene, contrast, 0.5) * grain, axis, sub)
        if mode == "ct":
            return Volume((artefacts.gaussian_noise(sliced, noise, rng) * 500 - 200).numpy(), affine)
        shaded = artefacts.coil_shading(sliced, shading, np.random.default_rng(shading_seed))
        return Volume((artefacts.rician_noise(shaded, noise, rng) * 1000).numpy(), affine)

    def dixon() -> tuple[Volume, Volume]:
        return picture("water", draw_contrast("water", rng)), picture("fat", draw_contrast("fat", rng))

    image = picture(draw.mode, draw_contrast(draw.mode, rng))
    middle = tissue.index_select(axis, torch.arange(sub // 2, counts[axis], sub))
    return SynthStudy(image, Volume(_labels(middle), affine), dixon, Volume(_labels(middle, beside=True), affine))


def _box(body: Body, fov: FieldOfView) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest body voxel of the scan."""
    inside = np.isin(body.tissue, t.GLUTEI)
    skin = np.argwhere(body.outside_mm[:, :, body.span[0] : body.span[1] : 8] < 25)
    low, high = skin.min(axis=0).astype(float), skin.max(axis=0).astype(float)
    heights = np.nonzero(inside.any(axis=(0, 1)))[0]
    margin = _MARGIN_MM / BODY_SPACING_MM
    low[2], high[2] = max(body.span[0], heights[0] - margin), min(body.span[1], heights[-1] + margin)
    middle = float(body.heads[:, 0].mean())
    if fov == "right_hip":
        low[0] = middle - 10
    elif fov == "left_hip":
        high[0] = middle + 10
    elif fov == "cut_top":
        high[2] = low[2] + 0.6 * (high[2] - low[2])
    elif fov == "cut_bottom":
        low[2] = high[2] - 0.6 * (high[2] - low[2])
    elif fov != "whole":
        raise ValueError(f"no such field of view: {fov}")
    return low, high


def _slices(image: Tensor, axis: int, sub: int) -> Tensor:
    """Mean over each slice's thickness."""
    kernel = [1, 1, 1]
    kernel[axis] = sub
    return functional.avg_pool3d(image[None, None], kernel, stride=kernel)[0, 0]


def _labels(tissue: Tensor, beside: bool = False) -> np.ndarray:
    """The glutei, or what lies beside them."""
    values = np.zeros(256, np.uint8)
    if beside:
        for tissue_value, side in zip(TFL, (Side.RIGHT, Side.LEFT), strict=True):
            values[tissue_value] = label_value(Part(Muscle.TENSOR_FASCIAE_LATAE, Region.WHOLE, side))
        found: np.ndarray = values[tissue.numpy()]
        return found
    order = [
        (side, muscle)
        for side in (Side.RIGHT, Side.LEFT)
        for muscle in (Muscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MINIMUS)
    ]
    for tissue_value, (side, muscle) in zip(t.GLUTEI, order, strict=True):
        values[tissue_value] = label_value(Part(muscle, Region.WHOLE, side))
    labels: np.ndarray = values[tissue.numpy()]
    return labels
