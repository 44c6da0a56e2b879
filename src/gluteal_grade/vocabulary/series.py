"""Contrasts of a series."""

from __future__ import annotations

from enum import StrEnum


class SeriesKind(StrEnum):
    """The contrast of one volume."""

    T1 = "t1"
    T2 = "t2"
    STIR = "stir"  # STIR and every other fat-suppressed contrast
    PD = "pd"
    DIXON_WATER = "dixon_water"
    DIXON_FAT = "dixon_fat"
    DIXON_IN_PHASE = "dixon_in_phase"
    DIXON_OPPOSED_PHASE = "dixon_opposed_phase"
    GRADIENT_ECHO = "gradient_echo"  # one of three or more echoes of one acquisition
    FAT_FRACTION = "fat_fraction"
    CT = "ct"
    LOCALIZER = "localizer"
    OTHER = "other"
