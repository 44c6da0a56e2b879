"""Bodies that bring everything with them: glutei, thigh muscles, bones and skin of one person, drawn by hand. Nothing is grafted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from scipy import ndimage

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.bodies import SPACING_MM, Body
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.bones import ball, draw_cortex, joints_and_discs
from gluteal_grade_lab.training.prepare.finish import assemble
from gluteal_grade_lab.training.prepare.graft import smooth_labels
from gluteal_grade_lab.training.prepare.inside import with_visceral_fat
from gluteal_grade_lab.training.prepare.labelled import Mask, find_heads
from gluteal_grade_lab.training.prepare.names import U8
from gluteal_grade_lab.training.prepare.skin import cleft_of, core_of

NATIVE = ("pelvicref_001", "pelvicref_004", "pelvicref_005")
SKIN_MM = 3.0  # what lies between the native skin and the core of a body that keeps it

# Merged muscles of these maps (left value; right is left + 1): the single one that each comes nearest to.
_NEAREST = {100: 35, 102: 45, 104: 29, 106: 74, 108: 82, 110: 74, 112: 82}


def native_table() -> U8:
    """(256,) uint8: values of these maps to the preparation's own; 120, inside the body without a name, to nothing."""
    table = np.zeros(256, np.uint8)
    table[: names.COUNT] = names.merge_table()
    for left, nearest in _NEAREST.items():
        table[left], table[left + 1] = nearest, nearest + 1
    table[114] = names.VERTEBRAE[0]
    return table


def native_bodies(path: Path) -> tuple[Body, Body]:
    """The body with its own skin and fat (`NAME_skin`), and the same one from its outermost muscles inwards (`NAME_core`), to which
    the generator gives fat of any thickness.

    Raises:
        ValueError: the voxels are not 1.5 mm.
    """
    image: Any = nib.load(path)
    if not np.allclose(image.header.get_zooms()[:3], SPACING_MM, atol=0.02):
        raise ValueError("label maps must have 1.5 mm voxels")
    raw = np.asarray(image.dataobj).astype(np.uint8)
    name = path.name.split(".")[0]
    labels = smooth_labels(native_table()[raw])  # drawn on 3 mm slices: jagged from slice to slice
    heads, _ = find_heads(labels)
    labels = with_visceral_fat(joints_and_discs(labels), heads)
    inside = _body(raw > 0)
    skin = ndimage.distance_transform_edt(np.pad(inside, ((0, 0), (0, 0), (4, 4)), mode="edge"))[:, :, 4:-4] * SPACING_MM > SKIN_MM
    core = core_of(labels, heads) & inside
    cleft = labels.copy()
    cleft[cleft_of(labels, core, heads)] = names.CLEFT
    return _body_of(labels, skin, heads, f"{name}_skin", name), _body_of(cleft, core, heads, f"{name}_core", name)


def _body(mask: Mask) -> Mask:
    """The largest piece of each slice's body, closed: thighs are two."""
    closed = ndimage.binary_closing(mask, ball(1))
    parts, count = ndimage.label(closed)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray(ndimage.binary_fill_holes(parts == int(sizes.argmax())))


def _body_of(labels: U8, core: Mask, heads: np.ndarray, name: str, source: str) -> Body:
    tissue = names.tissue_table()[labels]
    draw_cortex(tissue, labels, heads)
    tissue[core & (tissue == tissues.AIR)] = tissues.FAT
    tissue[~core & ~np.isin(labels, names.GLUTEI)] = tissues.AIR
    return assemble(tissue, core, heads, name, source, (0, labels.shape[2] - 1))
