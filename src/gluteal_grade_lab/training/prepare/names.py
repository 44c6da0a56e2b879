"""Which structures the label maps name, and which tissue each becomes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gluteal_grade_lab.training import tissues

U8 = npt.NDArray[np.uint8]

# Values of shared/data/anatomy/labels.json that the preparation reasons about (left, right).
MAXIMUS, MEDIUS, MINIMUS = (1, 2), (3, 4), (5, 6)
GLUTEI = (1, 2, 3, 4, 5, 6)
TFL, PIRIFORMIS = (7, 8), (9, 10)
ILIACUS, PSOAS = (11, 12), (13, 14)
OBTURATOR_INTERNUS, OBTURATOR_EXTERNUS = (15, 16), (17, 18)
VASTI = ((29, 30), (31, 32), (33, 34))
MUSCLES = range(1, 53)
HEAD_CARTILAGE, SOCKET_CARTILAGE = (53, 54), (55, 56)
HIP_BONE, FEMUR = (57, 58), (59, 60)
SACRUM, COCCYX, S1 = 61, 62, 80
BLADDER, COLON, SMALL_BOWEL, PROSTATE = 63, 64, 65, 66
VERTEBRAE = (71, 72, 73)
ERECTOR, ILIOPSOAS = (74, 75), (76, 77)
ARTERIES, VEINS, CORD = (67, 68, 78), (69, 70, 79), 81
WALL, DISC, CARTILAGE, VISCERAL, GAS, CLEFT = (82, 83), 84, 85, 86, 87, 88  # made by the preparation itself
COUNT = 89

# Muscles beside the glutei that share a tissue id, in order of their ids from 20: left label(s); right is left + 1.
_SHARED = (
    (7,),  # tensor fasciae latae 20 right, 21 left
    (9,),  # piriformis
    (15, 19, 21),  # obturator internus and gemelli
    (17,),  # obturator externus
    (23,),  # quadratus femoris
    (76, 11, 13),  # iliopsoas
    (25,),  # sartorius
    (27,),  # rectus femoris
    (29,),  # vastus lateralis
    (31, 33),  # vastus intermedius and medialis
    (35,),  # adductor magnus
    (37, 39),  # adductor longus and brevis
    (41,),  # pectineus
    (43,),  # gracilis
    (45, 47),  # biceps femoris
    (49,),  # semimembranosus
    (51,),  # semitendinosus
    (74,),  # erector spinae
    (82,),  # abdominal wall
)


def tissue_table() -> U8:
    """(89,) uint8: tissue id of every label; bones become marrow, their cortex is drawn later."""
    table = np.zeros(COUNT, dtype=np.uint8)
    for left, tissue in zip((1, 3, 5), tissues.GLUTEI[:3], strict=True):
        table[left + 1], table[left] = tissue, tissue + 3
    for place, lefts in enumerate(_SHARED):
        for left in lefts:
            table[left + 1], table[left] = tissues.OTHER_MUSCLES[2 * place], tissues.OTHER_MUSCLES[2 * place + 1]
    for labels, tissue in (
        (HEAD_CARTILAGE + SOCKET_CARTILAGE + (DISC, CARTILAGE), tissues.CARTILAGE),
        (HIP_BONE, tissues.MARROW_PELVIS),
        (FEMUR, tissues.MARROW_FEMUR),
        ((SACRUM, COCCYX, S1, *VERTEBRAE), tissues.MARROW_SPINE),
        ((BLADDER,), tissues.BLADDER),
        ((COLON, SMALL_BOWEL), tissues.BOWEL),
        ((GAS,), tissues.GAS),
        ((PROSTATE,), tissues.PROSTATE),
        (ARTERIES, tissues.ARTERY),
        (VEINS, tissues.VEIN),
        ((CORD,), tissues.SPINAL_CANAL),
        ((VISCERAL,), tissues.VISCERAL_FAT),
        ((CLEFT,), tissues.SKIN),
    ):
        table[list(labels)] = tissue
    return table


def mirror_table() -> U8:
    """(89,) uint8: the label of the other side."""
    table = np.arange(COUNT, dtype=np.uint8)
    for left in (*range(1, 61, 2), 67, 69, 74, 76, 82):
        table[left], table[left + 1] = left + 1, left
    return table


def merge_table() -> U8:
    """(89,) uint8: sources name iliacus and psoas, sacrum and S1 and coccyx differently; one name for each."""
    table = np.arange(COUNT, dtype=np.uint8)
    for side in (0, 1):
        table[ILIACUS[side]] = table[PSOAS[side]] = ILIOPSOAS[side]
    table[[COCCYX, S1]] = SACRUM
    return table


def check_names(path: Path) -> None:
    """Refuse a labels.json whose values are not those written here.

    Raises:
        ValueError: they differ.
    """
    held = json.loads(path.read_text())
    expected = {
        "gluteus_maximus_left": 1,
        "gluteus_minimus_right": 6,
        "tensor_fasciae_latae_left": 7,
        "obturator_internus_right": 16,
        "femoral_head_cartilage_left": 53,
        "hip_bone_left": 57,
        "femur_right": 60,
        "sacrum": 61,
        "erector_spinae_left": 74,
        "iliopsoas_right": 77,
        "spinal_cord": 81,
    }
    wrong = [name for name, value in expected.items() if held.get(name) != value]
    if wrong:
        raise ValueError(f"labels.json differs: {', '.join(wrong)}")
