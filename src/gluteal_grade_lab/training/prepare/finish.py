"""From a filled label map to a prepared body."""

from __future__ import annotations

import numpy as np

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.bodies import Body
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.bones import draw_cortex, joints_and_discs, split_cortex
from gluteal_grade_lab.training.prepare.inside import with_anal_canal, with_gas, with_visceral_fat, with_wall
from gluteal_grade_lab.training.prepare.labelled import Labelled, Mask, Points
from gluteal_grade_lab.training.prepare.names import U8
from gluteal_grade_lab.training.prepare.skin import cleft_of, core_of, crop_box, outside_distance, resize


def finish(body: Labelled, name: str, source: str, span: tuple[int, int], seed: int) -> Body:
    """Draw what no source names, then tissues, core and distance.

    Args:
        body: filled labels.
        name, source: of the prepared body.
        span: z indices on the body's canvas between which it can be believed.
        seed: of the gas in the bowel.
    """
    labels = joints_and_discs(body.labels)
    labels = with_anal_canal(labels, body.heads)
    labels = with_wall(labels, body.heads)
    labels = with_visceral_fat(labels, body.heads)
    core = core_of(labels, body.heads)
    labels[cleft_of(labels, core, body.heads)] = names.CLEFT
    labels = with_gas(labels, seed)
    tissue = names.tissue_table()[labels]
    draw_cortex(tissue, labels, body.heads)
    tissue[core & (tissue == tissues.AIR)] = tissues.FAT
    return assemble(tissue, core, body.heads, name, source, span)


def assemble(tissue: U8, core: Mask, heads: Points, name: str, source: str, span: tuple[int, int]) -> Body:
    """Give the grid its room and measure the distance outside the core."""
    changes = crop_box(core)
    tissue, core = resize(tissue, changes).astype(np.uint8), resize(core, changes).astype(bool)
    moved = heads + np.array([changes[0][0], changes[1][0], 0])
    return Body(name, split_cortex(tissue), outside_distance(core), moved, span, source)
