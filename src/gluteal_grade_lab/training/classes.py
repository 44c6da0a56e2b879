"""The classes each network tells apart, and which of them a body can be believed on."""

from __future__ import annotations

import torch
from torch import Tensor

from gluteal_grade_lab.training import tissues as t

MUSCLES = ("gluteus_maximus", "gluteus_medius", "gluteus_minimus")
_BESIDE = ("tensor_fasciae_latae", "hip_bone", "femur")
# Channels after the background. The glutei come first: what the program reports.
HIP = (*MUSCLES, "tensor_fasciae_latae", "piriformis", "hip_bone", "femur", "sacrum", "other_muscle")
LOCATOR = (*(f"{m}_{side}" for side in ("right", "left") for m in MUSCLES), *(f"{b}_{side}" for side in ("right", "left") for b in _BESIDE))
CLASSES = {"hip": HIP, "locator": LOCATOR}

TFL = t.OTHER_MUSCLES[0], t.OTHER_MUSCLES[1]  # right, left
PIRIFORMIS = t.OTHER_MUSCLES[2], t.OTHER_MUSCLES[3]

# What a source has not drawn itself, or wrongly: its voxels may be background or that class, nobody is punished for either. CT bodies
# have tensor and piriformis as grafts, but for the loose ones, where both are drawn (`prepare/beside.py`); the hand-drawn piriformis of
# pelvicref is too small.
_NOT_TRUSTED = {"ts": ("tensor_fasciae_latae", "piriformis"), "pelvicref": ("piriformis",)}


def unknown(body: str, look: str) -> tuple[int, ...]:
    """Class numbers of a look that this body says nothing about; body by its name."""
    lacking = () if body.endswith("_loose") else _NOT_TRUSTED.get(body.partition("_")[0], ())
    return tuple(1 + i for i, name in enumerate(CLASSES[look]) if name.removesuffix("_right").removesuffix("_left") in lacking)


def beside_the_muscles(look: str) -> tuple[int, ...]:
    """Class numbers of a look that are no gluteal muscle: a label map of the muscles says nothing about them."""
    return tuple(1 + i for i, name in enumerate(CLASSES[look]) if not name.startswith(MUSCLES))


def hip_table(side: int) -> Tensor:
    """(256,) uint8: tissue to class of the hip network for the right (0) or left (1) hip. Glutei and tensor of the other side are no
    class: they are other muscle."""
    table = torch.zeros(256, dtype=torch.uint8)
    number = {name: 1 + i for i, name in enumerate(HIP)}
    table[[*t.OTHER_MUSCLES, *t.GLUTEI]] = number["other_muscle"]
    for name, value in zip(MUSCLES, t.GLUTEI[3 * side : 3 * side + 3], strict=True):
        table[value] = number[name]
    table[TFL[side]] = number["tensor_fasciae_latae"]
    table[PIRIFORMIS[side]] = number["piriformis"]
    table[[t.CORTICAL_BONE, t.MARROW_PELVIS]] = number["hip_bone"]
    table[[t.CORTEX_FEMUR, t.MARROW_FEMUR]] = number["femur"]
    table[[t.CORTEX_SPINE, t.MARROW_SPINE]] = number["sacrum"]
    return table


def locator_labels(tissue: Tensor, right: Tensor) -> Tensor:
    """Class numbers of the locator, uint8; `right` is True on the patient's right: bones share a tissue."""
    number = {name: 1 + i for i, name in enumerate(LOCATOR)}
    table = torch.zeros((2, 256), dtype=torch.uint8)  # left, right
    for place, value in enumerate(t.GLUTEI, start=1):
        table[:, value] = place
    for row, side in ((1, "right"), (0, "left")):
        table[:, TFL[1 - row]] = number[f"tensor_fasciae_latae_{side}"]
        table[row, [t.CORTICAL_BONE, t.MARROW_PELVIS]] = number[f"hip_bone_{side}"]
        table[row, [t.CORTEX_FEMUR, t.MARROW_FEMUR]] = number[f"femur_{side}"]
    index = tissue.long()
    return torch.where(right, table[1][index], table[0][index])
