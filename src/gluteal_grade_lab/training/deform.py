"""Where each voxel of a synthetic image lies in the training body: place, pose, size and shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from gluteal_grade_lab.training.bodies import Body
from gluteal_grade_lab.training.noise import smooth

BODY_SPACING_MM = 1.5


@dataclass(frozen=True)
class Frame:
    """A box of voxels in the body before pose and elastic change.

    Attributes:
        shape: voxels (x, y, z).
        spacing_mm: of the box, per axis.
        centre: body voxel that the middle of the box falls on.
        mirrored: x runs the other way (a left hip in the canonical frame).
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    centre: tuple[float, float, float]
    mirrored: bool = False


@dataclass(frozen=True)
class Shape:
    """How far the body is changed; 0 turns a part off."""

    rotation_deg: float = 8.0
    tilt_deg: float = 12.0
    scale: float = 0.12
    elastic_mm: float = 7.0
    fine_elastic_mm: float = 2.5
    flexion_deg: float = 10.0


def turn(angles_rad: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(3, 3) rotation by three angles, about x, then the turned y (the other way round), then the turned z."""
    x, y, z = np.asarray(angles_rad, dtype=np.float64)
    return np.asarray(Rotation.from_euler("XYZ", [x, -y, z]).as_matrix())


def body_coordinates(body: Body, frame: Frame, shape: Shape, rng: np.random.Generator) -> Tensor:
    """Body voxel coordinates (3, x, y, z) of every voxel of the frame."""
    angles = rng.normal(0, 1, 3) * np.array([shape.tilt_deg, shape.rotation_deg, shape.rotation_deg])
    sizes = np.exp(rng.normal(0, shape.scale, 1) + rng.normal(0, shape.scale / 2, 3))
    shear = np.eye(3) + np.triu(rng.normal(0, shape.scale / 3, (3, 3)), 1)
    matrix = turn(np.deg2rad(angles)) @ shear @ np.diag(sizes * np.array(frame.spacing_mm) / BODY_SPACING_MM)
    if frame.mirrored:
        matrix[0] *= -1
    axes = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in frame.shape]
    grid = torch.from_numpy(matrix.astype(np.float32))
    where = torch.empty((3, *frame.shape))
    for row in range(3):
        where[row] = (
            (grid[row, 0] * axes[0])[:, None, None] + (grid[row, 1] * axes[1])[None, :, None] + (grid[row, 2] * axes[2])[None, None, :]
        ) + float(frame.centre[row])
    for amount, knot_mm in ((shape.elastic_mm, 70.0), (shape.fine_elastic_mm, 28.0)):
        if amount > 0:
            extent = np.array(frame.shape) * np.array(frame.spacing_mm)
            knots = tuple(int(np.clip(round(e / knot_mm) + 1, 2, 24)) for e in extent)
            where += smooth(frame.shape, knots, rng, 3) * float(amount * rng.uniform(0.2, 1.0) / BODY_SPACING_MM)
    if shape.flexion_deg > 0:
        _flex(where, body, float(rng.normal(0, shape.flexion_deg)))
    return where


def _flex(where: Tensor, body: Body, angle_deg: float) -> None:
    """Turn both thighs about the axis through the femoral heads, more and more below them (in place)."""
    centre = body.heads.mean(axis=0)
    below = float(centre[2]) - where[2]
    weight = torch.sigmoid((below - 10.0) / 12.0)
    where[1] += weight * below * float(np.tan(np.deg2rad(np.clip(angle_deg, -25, 25))))


def sample(volumes: tuple[np.ndarray, ...], outside: tuple[int, ...], where: Tensor) -> list[Tensor]:
    """Nearest values of uint8 body volumes of one shape, and the values they have outside it. Each (x, y, z), uint8."""
    size = torch.tensor(volumes[0].shape, dtype=torch.int32)[:, None, None, None]
    index = torch.round(where).to(torch.int32)
    inside = ((index >= 0) & (index < size)).all(0)
    index = index.clamp(min=torch.zeros_like(size), max=size - 1)
    flat = _flat(index, volumes[0].shape)
    return [
        torch.where(inside, torch.from_numpy(volume.reshape(-1))[flat], torch.tensor(value, dtype=torch.uint8))
        for volume, value in zip(volumes, outside, strict=True)
    ]


def _flat(index: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Index into the volume as one line; int32 holds it."""
    return (index[0] * shape[1] + index[1]) * shape[2] + index[2]
