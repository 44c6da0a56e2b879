"""One deformed body on one grid: tissues, labels and the end of what is known. Shared by training patches and synthetic studies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gluteal_grade_lab.training import tissues as t
from gluteal_grade_lab.training.bodies import Body
from gluteal_grade_lab.training.deform import BODY_SPACING_MM, Frame, Shape, body_coordinates, sample
from gluteal_grade_lab.training.metal import Implant, distort
from gluteal_grade_lab.training.noise import smooth
from gluteal_grade_lab.training.signal import add_vessels, any_of, blur


@dataclass(frozen=True)
class Drawn:
    """A body as it lies in a frame.

    Attributes:
        tissue: (x, y, z) uint8 values of `tissues`.
        known: False beyond the part of the body whose anatomy can be believed; the scan must end there.
        where: (3, x, y, z) body voxel coordinates.
    """

    tissue: Tensor
    known: Tensor
    where: Tensor


def draw_body(
    body: Body,
    frame: Frame,
    shape: Shape,
    rng: np.random.Generator,
    implant: Implant | None = None,
    subcutaneous_mm: float | None = None,
    shift_borders: float = 0.4,
    legs_mm: float = 0.0,
    fill: float = 0.0,
) -> Drawn:
    """Deform a body, give it skin and subcutaneous fat, move borders between muscles in some draws, thin some muscles, add vessels.

    `fill` and `shift_borders` are how often muscles fill the fat around them and borders move. With `legs_mm` the thighs go on so far
    below the lowest slice of what is known, as they end there, without glutei.
    """
    where = body_coordinates(body, frame, shape, rng)
    if implant is not None:
        distort(where, implant, BODY_SPACING_MM, rng)
    low, high = body.span
    place = where
    if legs_mm > 0:
        place = torch.cat([where[:2], where[2:].clamp(min=float(low))])
    tissue, outside = sample((body.tissue, body.outside_mm), (t.AIR, 255), place)
    if legs_mm > 0:
        tissue[(where[2] < low - 2) & any_of(tissue, t.GLUTEI)] = t.FAT
    _wrap_in_skin(tissue, outside.float(), where, body, rng, subcutaneous_mm)
    full = fill > 0 and rng.random() < fill
    if full:
        _fill_muscles(tissue, min(frame.spacing_mm), rng)
    if rng.random() < shift_borders:
        (_shift_borders if rng.random() < 0.25 else _slide_borders)(tissue, min(frame.spacing_mm), rng)
    if rng.random() < (0.2 if full else 0.6):
        _thin_muscles(tissue, min(frame.spacing_mm), rng)
    add_vessels(tissue, rng)
    known = (where[2] >= low - legs_mm / BODY_SPACING_MM) & (where[2] <= high)
    return Drawn(tissue, known, where)


def _wrap_in_skin(
    tissue: Tensor, outside: Tensor, where: Tensor, body: Body, rng: np.random.Generator, subcutaneous_mm: float | None
) -> None:
    """Subcutaneous fat 5-80 mm thick, uneven, and skin on it; air beyond (in place)."""
    mean = float(np.clip(np.exp(rng.normal(np.log(22), 0.6)), 5, 80)) if subcutaneous_mm is None else subcutaneous_mm
    uneven = 0.35 * smooth(tuple(tissue.shape), (4, 4, 4), rng)[0]
    behind = ((float(body.heads[0, 1]) - where[1]) / 60.0).clamp(-1, 1)
    thickness = mean * torch.exp(uneven + float(rng.normal(0.0, 0.45)) * behind)
    empty = tissue == t.AIR
    tissue[empty & (outside < thickness)] = t.FAT
    skin = float(rng.uniform(1.0, 3.5))
    tissue[empty & (outside < thickness) & (outside > thickness - skin)] = t.SKIN
    if rng.random() < 0.35:  # lying on a table: the back is pressed flat, air and sometimes the table behind it
        core = np.nonzero((body.outside_mm == 0).any(axis=(0, 2)))[0][0]
        plane = float(core) - float(rng.uniform(2, 30)) / BODY_SPACING_MM
        tissue[where[1] < plane] = t.AIR
        if rng.random() < 0.3:
            tissue[(where[1] < plane - 2) & (where[1] > plane - 2 - float(rng.uniform(2, 8)))] = t.SKIN


def _fill_muscles(tissue: Tensor, spacing_mm: float, rng: np.random.Generator) -> None:
    """Let every muscle grow into the fat around it by up to 8 mm, here more and there less, until neighbours meet (in place).

    Lean people's muscles fill their fasciae and touch; most training bodies are old and have wide fat between theirs.
    """
    for _ in range(max(1, round(float(rng.uniform(1.5, 8.0)) / spacing_mm))):
        free = (tissue == t.FAT) & (smooth(tuple(tissue.shape), (4, 4, 4), rng)[0] > float(rng.uniform(-2.0, 0.3)))
        grown = torch.zeros_like(tissue)
        for axis in rng.permutation(3).tolist():
            size = tissue.shape[axis] - 1
            for here, there in ((0, 1), (1, 0)):
                near = tissue.narrow(axis, there, size)
                muscle = torch.where(any_of(near, t.MUSCLES), near, torch.zeros_like(near))
                room = grown.narrow(axis, here, size)
                room.copy_(torch.where(room == 0, muscle, room))
        taken = free & (grown > 0)
        tissue[taken] = grown[taken]


def _shift_borders(tissue: Tensor, spacing_mm: float, rng: np.random.Generator) -> None:
    """Let one muscle of a side grow into its neighbour (in place): how the room is shared differs from person to person, most of all
    between minimus and medius, which the training bodies share in two ways only, and between tensor and medius, which real hips are
    confused in. Up to about a centimetre."""
    for side in range(2):
        (maximus, medius, minimus), tensor = t.GLUTEI[3 * side : 3 * side + 3], t.OTHER_MUSCLES[side]
        between_glutei = ((minimus, medius), (minimus, medius), (medius, minimus), (medius, maximus), (maximus, medius))
        pairs = (*between_glutei, (tensor, medius), (tensor, medius), (medius, tensor))
        grown, shrunk = pairs[int(rng.integers(len(pairs)))]
        mask = tissue == grown
        if not bool(mask.any()):
            continue
        reach = blur(mask.float(), float(rng.uniform(2.0, 10.0)) / spacing_mm)
        needed = float(rng.uniform(0.13, 0.4)) + 0.06 * smooth(tuple(tissue.shape), (4, 4, 4), rng)[0]
        tissue[(tissue == shrunk) & (reach > needed.clamp(0.1, 0.5))] = grown


def _slide_borders(tissue: Tensor, spacing_mm: float, rng: np.random.Generator) -> None:
    """Let the borders between muscles that touch slide within their common outline, by up to 3 cm (in place).

    Where maximus ends and medius begins differs by centimetres between people whose buttocks have one outline; bending a body moves both
    together, and a network then looks for the border where the outline has its notch.
    """
    muscle = any_of(tissue, t.MUSCLES)
    moves = smooth(tuple(tissue.shape), (4, 4, 4), rng, 3) * float(rng.uniform(3.0, 16.0)) / spacing_mm
    index = []
    for axis, size in enumerate(tissue.shape):
        here = torch.arange(size).reshape([-1 if a == axis else 1 for a in range(3)])
        index.append((here + moves[axis].round().long()).clamp(0, size - 1))
    there = tissue[index[0], index[1], index[2]]
    slid = muscle & any_of(there, t.MUSCLES)
    tissue[slid] = there[slid]


def _thin_muscles(tissue: Tensor, spacing_mm: float, rng: np.random.Generator) -> None:
    """Waste some glutei from the outside, here more and there less: the rim becomes fat and leaves the label (in place).

    Also what teaches that a lean muscle ends where its signal does: without it, a network fills the place where its training bodies
    had muscle, fat or not.
    """
    for value in t.GLUTEI:
        if rng.random() < 0.4:
            continue
        mask = tissue == value
        if not bool(mask.any()):
            continue
        deep = blur(mask.float(), float(rng.uniform(2.0, 5.0)) / spacing_mm)
        core = deep[mask]
        core = core[:: max(1, core.numel() // 5000)].quantile(0.98)
        uneven = float(rng.uniform(0.5, 0.75)) + 0.12 * smooth(tuple(tissue.shape), (4, 4, 4), rng)[0]
        tissue[mask & (deep < uneven.clamp(0.4, 0.9) * core)] = t.FAT


def gluteal_labels(tissue: Tensor, order: tuple[int, ...]) -> Tensor:
    """Class numbers 1.. for the tissue values in `order`, else 0. uint8, shape of `tissue`."""
    table = torch.zeros(256, dtype=torch.uint8)
    for number, value in enumerate(order, start=1):
        table[value] = number
    return table[tissue.long()]
