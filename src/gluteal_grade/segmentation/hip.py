"""The fine look: the muscles of one hip, in the frame that all hips share.

That frame is the patient's own axes at the network's spacing, with left hips mirrored: lateral has the higher first index on both sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gluteal_grade.config import HipSettings
from gluteal_grade.geometry import Array, Grid, Volume
from gluteal_grade.segmentation.locate import Box
from gluteal_grade.segmentation.look import look, network_grid
from gluteal_grade.segmentation.network import probabilities
from gluteal_grade.segmentation.weights import Model
from gluteal_grade.vocabulary import GLUTEI, Muscle, Side

# what is read of the hip network; the others (piriformis, bones, other muscle) count as background
CHANNELS = GLUTEI
BESIDE = tuple(muscle for muscle in Muscle if muscle.optional)  # read where the network knows them
HIP_BONE = "hip_bone"  # what tells a hip from other places where a network suspects muscle

# further views: shift in halves of the network's divisor along each axis, exponent on the intensity. Mirroring is none of them: in the
# common frame a mirrored hip is not a hip.
_VIEWS = (((0, 0, 0), 1.0), ((1, -1, 1), 0.87), ((-1, 1, -1), 1.15), ((1, 1, -1), 1.07), ((-1, -1, 1), 0.93))


@dataclass(frozen=True)
class Hip:
    """One hip as the fine look sees it.

    Attributes:
        muscles: probability of each muscle of `CHANNELS`, float32, on the fine grid.
        beside: of each muscle of `BESIDE` that the network knows.
        bone_ml: volume in which the hip bone is the most probable of all; NaN where the network does not know it.
    """

    muscles: tuple[Volume, ...]
    beside: dict[Muscle, Volume]
    bone_ml: float


def segment_hip(image: Volume, box: Box, model: Model, settings: HipSettings, *, ct: bool) -> Hip:
    """The muscles of one hip, and how much of its bone is in view.

    Args:
        image: any orientation.
        box: where the hip lies.
        model: the hip network, with `CHANNELS` among its channels.
        settings: number of views; limit for one pass.
        ct: HU instead of MR signal.
    """
    grid = network_grid(box.low_mm, box.high_mm, model.spacing_mm, model.multiple, mirrored=box.side is Side.LEFT)
    total = np.zeros((model.classes, *grid.shape), np.float32)
    count = np.zeros(grid.shape, np.float32)
    for halves, exponent in _VIEWS[: settings.views]:
        shift = tuple(h * (model.multiple // 2) for h in halves)
        seen = look(image, grid.shifted((shift[0], shift[1], shift[2])), ct=ct)
        found = probabilities(model, np.power(seen, np.float32(exponent)), settings.max_voxels)
        here, there = _overlap(grid, shift)
        total[(slice(None), *here)] += found[(slice(None), *there)]
        count[here] += 1
    mean: Array = total / count
    muscles = tuple(Volume(mean[model.channel(muscle.value)], grid.affine) for muscle in CHANNELS)
    beside = {muscle: Volume(mean[model.channel(muscle.value)], grid.affine) for muscle in BESIDE if muscle.value in model.channels}
    if HIP_BONE not in model.channels:
        return Hip(muscles, beside, math.nan)
    bone = int((mean.argmax(axis=0) == model.channel(HIP_BONE)).sum())
    return Hip(muscles, beside, bone * muscles[0].grid.voxel_volume_ml)


def _overlap(grid: Grid, shift: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The voxels that a grid and its shifted copy share, as indices of each."""
    here = tuple(slice(max(s, 0), n + min(s, 0)) for s, n in zip(shift, grid.shape, strict=True))
    there = tuple(slice(max(-s, 0), n - max(s, 0)) for s, n in zip(shift, grid.shape, strict=True))
    return here, there
