"""How two bodies lie towards each other before they are deformed: heads on heads, thighs along thighs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from gluteal_grade_lab.training.bodies import SPACING_MM
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.field import STEP
from gluteal_grade_lab.training.prepare.labelled import Labelled

_LONG_MM = 100.0  # a femur labelled so far down shows how the hip is bent
_ALIKE_DEG = 6.0


def first_guess(target: Labelled, donor: Labelled) -> npt.NDArray[np.float64]:
    """(4, 4): linear part and the donor's point for the middle between the target's heads, in voxels."""
    across_t, across_d = (b.heads[0] - b.heads[1] for b in (target, donor))
    scale = float(np.linalg.norm(across_d) / np.linalg.norm(across_t))
    turn = _turn(across_t / np.linalg.norm(across_t), across_d / np.linalg.norm(across_d))
    matrix = np.eye(4)
    matrix[:3, :3] = scale * turn
    matrix[:3, 3] = donor.heads.mean(axis=0)
    return matrix


def thighs(target: Labelled, donor: Labelled) -> tuple[int, ...]:
    """Sides (0 left, 1 right) on which both femora are long enough to see how the hip is bent."""
    return tuple(s for s in (0, 1) if all(_femur_direction(b, s) is not None for b in (target, donor)))


def bent(target: Labelled, donor: Labelled, base: torch.Tensor, linear: npt.NDArray[np.float32]) -> torch.Tensor:
    """The coarse grid with the target's thighs turned about their heads to the way the donor's lie; nothing where they lie alike."""
    moved = base.clone()
    middle = float(target.heads[:, 0].mean()) / STEP
    for side in thighs(target, donor):
        here, lent = _femur_direction(target, side), _femur_direction(donor, side)
        if here is None or lent is None:
            continue
        there = np.asarray(np.linalg.solve(linear.astype(np.float64), lent), dtype=np.float64)
        there /= np.linalg.norm(there)
        if here @ there > np.cos(np.radians(_ALIKE_DEG)):
            continue
        turn = torch.tensor(_turn(here, there), dtype=torch.float32)
        head = torch.tensor(target.heads[1 - side] / STEP, dtype=torch.float32)
        crease = torch.tensor((here + there) / np.linalg.norm(here + there), dtype=torch.float32)
        along = ((base - head) @ crease) * STEP * SPACING_MM
        share = torch.sigmoid((along - 35) / 12) * torch.sigmoid((base[..., 0] - middle) * STEP * SPACING_MM / 6 * (1 if side else -1))
        moved = moved + share[..., None] * ((base - head) @ (turn - torch.eye(3)).T)
    return moved


def _femur_direction(body: Labelled, side: int) -> npt.NDArray[np.float64] | None:
    """Unit vector from the head down the shaft; None where less than _LONG_MM of the femur is labelled."""
    head = body.heads[1 - side]
    points = np.argwhere(body.of(names.FEMUR[side])) - head
    if not len(points):
        return None
    far = points[points[:, 2] < 0.85 * points[:, 2].min()].mean(axis=0)
    length = float(np.linalg.norm(far))
    return far / length if length * SPACING_MM > _LONG_MM else None


def _turn(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(3, 3) the smallest rotation that takes unit vector a to b."""
    v, c = np.cross(a, b), float(a @ b)
    k = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.asarray(np.eye(3) + k + k @ k / (1 + c))
