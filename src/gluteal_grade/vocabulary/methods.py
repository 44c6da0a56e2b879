"""Ways to measure fat."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """How the fat fraction was measured."""

    DIXON = "dixon"
    FAT_FRACTION_MAP = "fat_fraction_map"
    IN_OPPOSED_PHASE = "in_opposed_phase"
    T1 = "t1"
    T2 = "t2"
    PD = "pd"
    CT = "ct"
