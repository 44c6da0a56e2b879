"""Where a point of one body lies in another: an affine and then a smooth deformation that lay the structures both have on each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch.nn import functional

from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.field import STEP, Field, coarse, from_middles
from gluteal_grade_lab.training.prepare.labelled import Labelled
from gluteal_grade_lab.training.prepare.pose import bent, first_guess

VERSION = 1  # of the method, for caches of its results
_STIFFNESS = 0.02
_ROOM = 4  # coarse voxels around the target's labels that are registered; beyond, the deformation goes on as it is at the rim


def register(target: Labelled, donor: Labelled, groups: Sequence[Sequence[int]], weights: Sequence[float] | None = None) -> Field:
    """Lay the donor's labels on the target's.

    Args:
        target: whose canvas the field lives on.
        donor: where it points.
        groups: sets of labels that both have.
        weights: of the groups, then of the two heads; all 1 if not given.
    """
    importance = torch.tensor([*(weights or [1.0] * len(groups)), 2.0, 2.0]).reshape(1, -1, 1, 1, 1)
    box = _room(target)
    known = coarse(target.seen.astype(np.float32))
    base = _grid(known.shape)
    known_t = torch.from_numpy(known[box].copy())[None, None]
    known_d = torch.from_numpy(coarse(donor.seen.astype(np.float32)))[None, None]
    size = torch.tensor(known_d.shape[2:], dtype=torch.float32)

    def channels(blur: float) -> tuple[torch.Tensor, torch.Tensor]:
        fixed, moving = (_channels(b, groups, blur) for b in (target, donor))
        return fixed[(slice(None), slice(None), *box)].contiguous(), torch.cat([moving, known_d], dim=1)

    def loss_of(places: torch.Tensor, fixed: torch.Tensor, moving: torch.Tensor) -> torch.Tensor:
        sampled = functional.grid_sample(moving, _normal(places, size), align_corners=True)
        warped, weight = sampled[:, :-1], known_t * sampled[:, -1:].detach()
        # heads are known whether or not the field of view reaches around them
        weight = torch.cat([weight.expand(-1, fixed.shape[1] - 2, -1, -1, -1), torch.ones_like(fixed[:, -2:])], dim=1)
        scale = (fixed * fixed).sum(dim=(2, 3, 4), keepdim=True).clamp(min=1.0)
        return ((fixed - warped) ** 2 * weight * importance / scale).sum() / importance.sum()

    def descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    matrix = first_guess(target, donor)
    centre = torch.tensor(target.heads.mean(axis=0) / STEP, dtype=torch.float32)
    linear = torch.tensor(matrix[:3, :3], dtype=torch.float32, requires_grad=True)
    shift = torch.tensor(matrix[:3, 3] / STEP, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([{"params": [linear], "lr": 0.018}, {"params": [shift], "lr": 0.35}])
    fixed, moving = channels(1.5)
    inner = base[box]
    for _ in range(35):
        descend(optimiser, loss_of((inner - centre) @ linear.T + shift, fixed, moving))
    affine = ((bent(target, donor, base, linear.detach().numpy()) - centre) @ linear.T + shift).detach()
    start = affine[box]
    moved = torch.zeros((1, 3, *start.shape[:3]))
    for lattice, blur, rounds in ((6, 1.0, 25), (3, 0.5, 35)):
        fixed, moving = channels(blur)
        control = torch.zeros((1, 3, *[max(4, n // lattice + 1) for n in start.shape[:3]]), requires_grad=True)
        optimiser = torch.optim.Adam([control], lr=0.25)
        for _ in range(rounds):
            whole = moved + _spread(control, start.shape[:3])
            descend(optimiser, loss_of(start + whole[0].permute(1, 2, 3, 0), fixed, moving) + _STIFFNESS * _bending(whole))
        moved = (moved + _spread(control, start.shape[:3])).detach()
    rims = [(s.start, n - s.stop) for s, n in zip(box, known.shape, strict=True)]
    everywhere = np.pad(moved[0].numpy(), [(0, 0), *rims], mode="edge")
    places = affine.permute(3, 0, 1, 2).numpy() + everywhere
    # coarse voxel c covers fine voxels STEP*c .. STEP*c+STEP-1, so that its centre lies (STEP-1)/2 further
    return Field(from_middles(places * STEP + (STEP - 1) / 2).astype(np.float32))


def overlap(target: npt.NDArray[Any], warped: npt.NDArray[Any], values: Sequence[int]) -> dict[int, float]:
    """Dice of each label between two label maps of one shape."""
    scores = {}
    for value in values:
        a, b = target == value, warped == value
        scores[value] = 2.0 * float((a & b).sum()) / max(1.0, float(a.sum() + b.sum()))
    return scores


def common_groups(a: Labelled, b: Labelled) -> tuple[list[tuple[int, ...]], list[float]]:
    """Label groups both bodies have in fair amount, and their weights."""
    groups: list[tuple[int, ...]] = [(v,) for v in (*names.GLUTEI, names.SACRUM)]
    groups += [(v,) for pair in (names.ILIOPSOAS, names.HIP_BONE, names.FEMUR, names.ERECTOR) for v in pair]
    groups += [(v,) for v in range(7, 53)]
    kept: list[tuple[int, ...]] = [g for g in groups if _comparable(a, b, g) and all(int(x.of(*g).sum()) > 800 for x in (a, b))]
    heavy = {*names.MAXIMUS, *names.HIP_BONE, *names.FEMUR, *names.MEDIUS, names.SACRUM}
    return kept, [1.5 if g[0] in heavy else 0.7 for g in kept]


def _channels(body: Labelled, groups: Sequence[Sequence[int]], blur: float) -> torch.Tensor:
    """(1, groups + heads, i, j, k): soft masks of label groups and of the two femoral heads, on the coarse grid."""
    planes = []
    for group in groups:
        planes.append(coarse(body.of(*group).astype(np.float32)))
    axes = np.meshgrid(*[np.arange(n) * STEP + (STEP - 1) / 2 for n in planes[0].shape], indexing="ij", sparse=True)
    for centre, radius in zip(body.heads, body.radii, strict=True):
        r = np.sqrt(sum((a - c) ** 2 for a, c in zip(axes, centre, strict=True)))
        planes.append(np.clip((radius - r) / STEP + 0.5, 0, 1).astype(np.float32))
    return torch.from_numpy(np.stack([ndimage.gaussian_filter(p, blur) for p in planes]))[None]


def _comparable(a: Labelled, b: Labelled, group: Sequence[int]) -> bool:
    """A femur that is only a shaft must not be laid on one with its head."""
    if group[0] not in names.FEMUR:
        return True
    tops = []
    for body in (a, b):
        layers = np.flatnonzero(body.of(*group).any(axis=(0, 1)))
        tops.append(bool(len(layers)) and layers[-1] > body.heads[1 - names.FEMUR.index(group[0]), 2])
    return all(tops)


def _room(target: Labelled) -> tuple[slice, slice, slice]:
    """The part of the coarse grid that holds the target's labels."""
    found = ndimage.find_objects((target.labels > 0).astype(np.uint8))[0]
    limits = [-(-n // STEP) for n in target.labels.shape]
    i, j, k = (slice(max(0, s.start // STEP - _ROOM), min(n, s.stop // STEP + 1 + _ROOM)) for s, n in zip(found, limits, strict=True))
    return i, j, k


def _grid(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.stack(torch.meshgrid(*[torch.arange(n, dtype=torch.float32) for n in shape], indexing="ij"), dim=-1)


def _normal(places: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    return (2 * places / (size - 1) - 1).flip(-1)[None]


def _spread(control: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    smooth = functional.interpolate(control, size=tuple(shape), mode="trilinear", align_corners=True)
    for axis in (2, 3, 4):  # rounds the corners of the trilinear lattice
        smooth = (torch.roll(smooth, 1, axis) + 2 * smooth + torch.roll(smooth, -1, axis)) / 4
    return smooth


def _bending(moved: torch.Tensor) -> torch.Tensor:
    total = torch.zeros(())
    for axis in (2, 3, 4):
        first = moved.diff(dim=axis)
        total = total + 0.05 * (first**2).mean() + (first.diff(dim=axis) ** 2).mean() * 4
    return total
