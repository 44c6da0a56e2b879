"""Bodies whose unnamed room is filled with drawn muscles: pelves of CT without waiting for a donor's thighs.

What lies beside the glutei then is any muscle of any shape, as no donor has it, but for a tensor and a piriformis in their places; glutei,
bones and organs are the person's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.bodies import SPACING_MM, Body
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.beside import with_neighbours
from gluteal_grade_lab.training.prepare.bones import draw_cortex, joints_and_discs
from gluteal_grade_lab.training.prepare.finish import assemble
from gluteal_grade_lab.training.prepare.inside import with_gas, with_visceral_fat
from gluteal_grade_lab.training.prepare.labelled import Mask, read_labelled
from gluteal_grade_lab.training.prepare.names import U8
from gluteal_grade_lab.training.prepare.skin import cleft_of, core_of

_CELL_MM = 34.0  # some muscles' width
_FILLED = 0.75  # share of the cells that are muscle
_PLANE_MM = 1.6  # fat between two cells, at least
LOOSE = ("ts_s0010", "ts_s0011", "ts_s0006", "ts_s0004", "ts_s0001", "ts_s0000")


def loose_body(path: Path, seed: int) -> Body:
    """One body, `NAME_loose`, believed from its lowest whole slice to its top.

    Raises:
        ValueError: the voxels are not 1.5 mm.
    """
    found = read_labelled(path, below_mm=0.0)
    labels = with_neighbours(joints_and_discs(found.labels), found.heads, seed)
    labels = with_visceral_fat(labels, found.heads)
    core = core_of(labels, found.heads)
    labels[cleft_of(labels, core, found.heads)] = names.CLEFT
    labels = with_gas(labels, seed)
    tissue = names.tissue_table()[labels]
    draw_cortex(tissue, labels, found.heads)
    room = core & (tissue == tissues.AIR)
    drawn = cells(room, seed)
    tissue[room] = np.where(drawn > 0, drawn, tissues.FAT)[room]
    low, high = int(found.low[2]), int(found.high[2]) - 1
    return assemble(tissue, core, found.heads, f"{found.name}_loose", found.name, (low, high))


def cells(room: Mask, seed: int) -> U8:
    """(x, y, z) uint8: drawn muscles in a room, with fat between them; 0 where there is none.

    Args:
        room: what may be filled.
        seed: of places, sizes and which cells stay empty.
    """
    rng = np.random.default_rng(seed)
    step = _CELL_MM / SPACING_MM
    counts = [int(n / step) + 1 for n in room.shape]
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), -1).reshape(-1, 3)
    seeds = (grid + rng.uniform(0, 1, grid.shape)) * step
    # muscles run along the body: cells are longer in z
    marks = np.ones(room.shape, bool)
    places = np.clip(np.round(seeds).astype(int), 0, np.array(room.shape) - 1)
    marks[tuple(places.T)] = False
    numbers = np.zeros(room.shape, np.int32)
    numbers[tuple(places.T)] = 1 + np.arange(len(places))
    nearest = ndimage.distance_transform_edt(marks, sampling=(1, 1, 0.4), return_distances=False, return_indices=True)
    owner = numbers[tuple(nearest)]
    free = [v for v in tissues.OTHER_MUSCLES if v >= tissues.OTHER_MUSCLES[4]]  # neither tensor nor piriformis
    value = rng.choice(free, len(places) + 1).astype(np.uint8)
    value[rng.random(len(value)) > _FILLED] = 0
    filled: U8 = value[owner]
    edge = np.zeros(room.shape, bool)
    for axis in range(3):
        change = np.diff(owner, axis=axis, prepend=np.take(owner, [0], axis=axis)) != 0
        edge |= change
    filled[edge | ~room] = 0
    inner = ndimage.distance_transform_edt(room) * SPACING_MM > _PLANE_MM
    filled[~inner] = 0
    return filled
