"""What the body is made of: two pools (water, fat) a tissue, with relaxation times and density; CT numbers.

Sources: Gold 2004 (AJR 183:343, doi 10.2214/ajr.183.2.1830343): muscle and fat T1/T2 at 1.5 and 3 T. Stanisz 2005
(MRM 54:507, doi 10.1002/mrm.20605): blood T1/T2, muscle T1 within 1 % (3 T) and 11 % (1.5 T) of Gold. de Bazelaire 2004
(Radiology 230:652, doi 10.1148/radiol.2303021331): water-dominated soft tissue of the pelvis and marrow. The rest (skin,
fascia, cortex, urine, T2*) are round values of the usual order, chosen for looks: no glutei measurement depends on them.

Density is per volume and equal (1) for lean muscle and for fat, so that the proton-density fat fraction is the volume fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Tissue(IntEnum):
    """Signal classes; a voxel is a mixture of them. MUSCLE is lean muscle water, its fat is counted as FAT."""

    AIR = 0
    FAT = 1
    MUSCLE = 2
    SKIN = 3
    FASCIA = 4
    CORTEX = 5
    YELLOW_MARROW = 6
    RED_MARROW = 7
    URINE = 8
    BOWEL = 9
    SOFT = 10
    BLOOD = 11
    DISC = 12
    METAL = 13
    SHEATH = 14


@dataclass(frozen=True)
class Relaxation:
    """One pool at one field strength, ms."""

    t1_ms: float
    t2_ms: float
    t2_star_ms: float


FAT_POOL: dict[float, Relaxation] = {1.5: Relaxation(288, 165, 45), 3.0: Relaxation(371, 133, 30)}  # Gold 2004

_MUSCLE = {1.5: Relaxation(1130, 35.3, 30), 3.0: Relaxation(1420, 31.7, 26)}  # Gold 2004
_SOFT = {1.5: Relaxation(1170, 70, 50), 3.0: Relaxation(1400, 65, 40)}  # pelvic organs, between de Bazelaire's uterus and prostate
_STIFF = {1.5: Relaxation(600, 3, 1), 3.0: Relaxation(700, 3, 1)}
_SHEATH = {1.5: Relaxation(1000, 28, 20), 3.0: Relaxation(1200, 26, 18)}  # thin connective tissue with fluid in it, not tendon
_FLUID = {1.5: Relaxation(3500, 1200, 400), 3.0: Relaxation(3800, 1000, 300)}
_BLOOD = {1.5: Relaxation(1441, 290, 100), 3.0: Relaxation(1932, 275, 60)}  # Stanisz 2005
_DISC = {1.5: Relaxation(1100, 90, 60), 3.0: Relaxation(1250, 80, 50)}


@dataclass(frozen=True)
class TissueFacts:
    """One tissue.

    Attributes:
        water_density: protons of the water pool per volume, lean muscle = 1.
        fat_density: the same for the fat pool.
        water: relaxation of the water pool by field strength in tesla.
        hu: CT number.
        flow_void: share of the signal lost in a spin echo (moving blood).
    """

    water_density: float
    fat_density: float
    water: dict[float, Relaxation]
    hu: float
    flow_void: float = 0.0


FACTS: dict[Tissue, TissueFacts] = {
    Tissue.AIR: TissueFacts(0.0, 0.0, _SOFT, -1000),
    Tissue.FAT: TissueFacts(0.0, 1.0, _SOFT, -105),
    Tissue.MUSCLE: TissueFacts(1.0, 0.0, _MUSCLE, 62),
    Tissue.SKIN: TissueFacts(0.45, 0.0, _SOFT, 40),
    Tissue.FASCIA: TissueFacts(0.15, 0.0, _STIFF, 60),
    Tissue.CORTEX: TissueFacts(0.08, 0.0, _STIFF, 1100),
    Tissue.YELLOW_MARROW: TissueFacts(0.12, 0.80, _SOFT, 60),
    Tissue.RED_MARROW: TissueFacts(0.45, 0.45, _SOFT, 180),
    Tissue.URINE: TissueFacts(1.05, 0.0, _FLUID, 5),
    Tissue.BOWEL: TissueFacts(0.75, 0.05, _SOFT, 25),
    Tissue.SOFT: TissueFacts(0.95, 0.0, _SOFT, 40),
    Tissue.BLOOD: TissueFacts(0.95, 0.0, _BLOOD, 45, flow_void=0.85),
    Tissue.DISC: TissueFacts(0.8, 0.0, _DISC, 90),
    Tissue.METAL: TissueFacts(0.0, 0.0, _SOFT, 3000),
    Tissue.SHEATH: TissueFacts(0.8, 0.0, _SHEATH, 50),
}

FIELD_STRENGTHS_T = (1.5, 3.0)
