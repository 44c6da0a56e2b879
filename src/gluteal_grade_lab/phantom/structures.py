"""The structures of the phantom: their ids, and what each is made of."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gluteal_grade.vocabulary import Muscle
from gluteal_grade_lab.phantom.tissue import Tissue


class Structure(IntEnum):
    """What is found at a point; both sides share an id (the side is the point's own)."""

    AIR = 0
    SKIN = 1
    SUBCUTANEOUS_FAT = 2
    DEEP_FAT = 3  # between muscles and around organs
    FASCIA = 4
    CORTEX = 5
    FEMUR_MARROW = 6
    HIP_MARROW = 7
    SACRUM_MARROW = 8
    JOINT = 9
    DISC = 10
    IMPLANT = 11
    SHEATH = 12  # epimysium and periosteum
    GLUTEUS_MAXIMUS = 20
    GLUTEUS_MEDIUS = 21
    GLUTEUS_MINIMUS_ANTERIOR = 22
    GLUTEUS_MINIMUS_POSTERIOR = 23
    TENSOR_FASCIAE_LATAE = 24
    PIRIFORMIS = 25
    OBTURATOR_INTERNUS = 26
    OBTURATOR_EXTERNUS = 27
    QUADRATUS_FEMORIS = 28
    ILIACUS = 29
    PSOAS = 30
    SARTORIUS = 31
    RECTUS_FEMORIS = 32
    VASTUS = 33
    ADDUCTORS = 34
    HAMSTRINGS = 35
    PECTINEUS = 36
    GRACILIS = 37
    ERECTOR_SPINAE = 38
    ABDOMINAL_WALL = 39
    BLADDER = 50
    BOWEL = 51
    RECTUM = 52
    UTERUS_OR_PROSTATE = 53
    VESSEL = 54
    NERVE = 55


FIRST_MUSCLE, LAST_MUSCLE = Structure.GLUTEUS_MAXIMUS, Structure.ABDOMINAL_WALL

GLUTEAL: dict[Structure, Muscle] = {
    Structure.GLUTEUS_MAXIMUS: Muscle.GLUTEUS_MAXIMUS,
    Structure.GLUTEUS_MEDIUS: Muscle.GLUTEUS_MEDIUS,
    Structure.GLUTEUS_MINIMUS_ANTERIOR: Muscle.GLUTEUS_MINIMUS,
    Structure.GLUTEUS_MINIMUS_POSTERIOR: Muscle.GLUTEUS_MINIMUS,
}
BESIDE: dict[Structure, Muscle] = {Structure.TENSOR_FASCIAE_LATAE: Muscle.TENSOR_FASCIAE_LATAE}  # labelled where a study asks for it

_MADE_OF: dict[Structure, Tissue] = {
    Structure.AIR: Tissue.AIR,
    Structure.SKIN: Tissue.SKIN,
    Structure.SUBCUTANEOUS_FAT: Tissue.FAT,
    Structure.DEEP_FAT: Tissue.FAT,
    Structure.FASCIA: Tissue.FASCIA,
    Structure.CORTEX: Tissue.CORTEX,
    Structure.FEMUR_MARROW: Tissue.YELLOW_MARROW,
    Structure.HIP_MARROW: Tissue.RED_MARROW,
    Structure.SACRUM_MARROW: Tissue.RED_MARROW,
    Structure.JOINT: Tissue.SOFT,
    Structure.DISC: Tissue.DISC,
    Structure.IMPLANT: Tissue.METAL,
    Structure.SHEATH: Tissue.SHEATH,
    Structure.BLADDER: Tissue.URINE,
    Structure.BOWEL: Tissue.BOWEL,
    Structure.RECTUM: Tissue.BOWEL,
    Structure.UTERUS_OR_PROSTATE: Tissue.SOFT,
    Structure.VESSEL: Tissue.BLOOD,
    Structure.NERVE: Tissue.SOFT,
}


def tissue_of() -> npt.NDArray[np.uint8]:
    """(256,) lookup table: structure id to tissue; every muscle is MUSCLE."""
    table = np.zeros(256, dtype=np.uint8)
    for structure in Structure:
        table[structure] = _MADE_OF.get(structure, Tissue.MUSCLE)
    return table


TISSUE_OF = tissue_of()
