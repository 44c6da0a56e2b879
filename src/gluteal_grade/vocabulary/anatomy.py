"""The vocabulary: muscles, sides, regions, and the values of our own label map."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """The patient's side."""

    RIGHT = "right"
    LEFT = "left"

    @property
    def other(self) -> Side:
        """The contralateral side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Muscle(StrEnum):
    """The graded muscles."""

    GLUTEUS_MAXIMUS = "gluteus_maximus"
    GLUTEUS_MEDIUS = "gluteus_medius"
    GLUTEUS_MINIMUS = "gluteus_minimus"


class Region(StrEnum):
    """A muscle, or the part of it that is read apart."""

    WHOLE = "whole"
    ANTERIOR = "anterior"
    MIDDLE = "middle"
    POSTERIOR = "posterior"
    UPPER = "upper"
    LOWER = "lower"


REGIONS: dict[Muscle, tuple[Region, ...]] = {
    Muscle.GLUTEUS_MAXIMUS: (Region.UPPER, Region.LOWER),
    Muscle.GLUTEUS_MEDIUS: (Region.ANTERIOR, Region.MIDDLE, Region.POSTERIOR),
    Muscle.GLUTEUS_MINIMUS: (Region.ANTERIOR, Region.POSTERIOR),
}


@dataclass(frozen=True, order=True)
class Part:
    """One thing that is measured: a muscle or a region of it, on one side."""

    muscle: Muscle
    region: Region
    side: Side

    def __str__(self) -> str:
        region = "" if self.region is Region.WHOLE else f" ({self.region})"
        return f"{self.side} {self.muscle.replace('_', ' ')}{region}"


# Voxel values of labels.nii.gz: hundreds digit the side (1 right, 2 left), tens the muscle, units the region (0: region not told).
_SIDE_VALUE = {Side.RIGHT: 100, Side.LEFT: 200}
_MUSCLE_VALUE = {Muscle.GLUTEUS_MAXIMUS: 10, Muscle.GLUTEUS_MEDIUS: 20, Muscle.GLUTEUS_MINIMUS: 30}


def label_value(part: Part) -> int:
    """The voxel value of a part in `labels.nii.gz` (fits in uint8).

    Raises:
        ValueError: the muscle has no such region.

    Examples:
        >>> label_value(Part(Muscle.GLUTEUS_MINIMUS, Region.POSTERIOR, Side.LEFT))
        232
        >>> LABEL_VALUES[120].muscle.value, LABEL_VALUES[120].side.value
        ('gluteus_medius', 'right')
    """
    units = 0 if part.region is Region.WHOLE else 1 + REGIONS[part.muscle].index(part.region)
    return _SIDE_VALUE[part.side] + _MUSCLE_VALUE[part.muscle] + units


ALL_PARTS: tuple[Part, ...] = tuple(
    Part(muscle, region, side) for side in Side for muscle in Muscle for region in (Region.WHOLE, *REGIONS[muscle])
)
LABEL_VALUES: dict[int, Part] = {label_value(part): part for part in ALL_PARTS}

# Bright on greyscale and over the fat colours. Sought so that any two, with the colour of what was left out, stay at least 23 apart in
# CIELAB for full, red-blind, green-blind and blue-blind sight (Machado 2009; tests/report/test_colours.py).
COLOURS: dict[tuple[Muscle, Region], str] = {
    (Muscle.GLUTEUS_MAXIMUS, Region.WHOLE): "#FF9E66",
    (Muscle.GLUTEUS_MEDIUS, Region.WHOLE): "#66DDFF",
    (Muscle.GLUTEUS_MINIMUS, Region.WHOLE): "#FFF000",
    (Muscle.GLUTEUS_MINIMUS, Region.ANTERIOR): "#FFF000",
    (Muscle.GLUTEUS_MINIMUS, Region.POSTERIOR): "#EE22FF",
}
