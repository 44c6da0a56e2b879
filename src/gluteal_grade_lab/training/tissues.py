"""The tissue classes of a whole training body, and which muscle label each carries."""

from __future__ import annotations

AIR = 0
FAT = 1  # everything inside the body without another name: subcutaneous and intermuscular fat
VISCERAL_FAT = 2
TENDON = 5  # tendon, fascia, iliotibial tract, ligament

# The glutei: right maximus, medius, minimus, then left.
GLUTEI = (11, 12, 13, 14, 15, 16)

# Every other muscle has a value of its own, so that neighbours can differ in signal and fat.
OTHER_MUSCLES = range(20, 60)
MUSCLES = (*GLUTEI, *OTHER_MUSCLES)

CORTICAL_BONE = 60  # of the hip bone, and of every bone in bodies that do not tell them apart
MARROW_FEMUR = 61
MARROW_PELVIS = 62
MARROW_SPINE = 63
CORTEX_FEMUR = 64
CORTEX_SPINE = 65

TUMOUR = 66  # a mass; its signal is drawn
SWELLING = 67  # fluid, seroma, fresh scar

BLADDER = 70
BOWEL = 71
GAS = 72
PROSTATE = 73  # or uterus
ARTERY = 74
VEIN = 75
SPINAL_CANAL = 76
CARTILAGE = 77
SKIN = 79
METAL = 80

COUNT = 81
