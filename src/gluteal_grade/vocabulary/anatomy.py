"""Muscles, sides and regions, and the values of our own label map. What is said of each stands here once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self

Code = tuple[str, str, str]
"""A code as DICOM writes it: value, scheme, meaning."""


_NO_CODE: Code = ("", "", "")


class Side(StrEnum):
    """The patient's side."""

    code: Code  # laterality, CID 244
    label_hundreds: int  # of the values of `labels.nii.gz`

    def __new__(cls, key: str, label_hundreds: int = 0, code: Code = _NO_CODE) -> Self:
        """A side, equal to its key."""
        side = str.__new__(cls, key)
        side._value_ = key
        side.label_hundreds, side.code = label_hundreds, code
        return side

    RIGHT = "right", 100, ("24028007", "SCT", "Right")
    LEFT = "left", 200, ("7771000", "SCT", "Left")

    @property
    def other(self) -> Side:
        """The contralateral side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Region(StrEnum):
    """A muscle, or the part of it that is read apart."""

    words: str  # for data dictionaries
    code: Code | None  # CID 2, which says superior, inferior and intermediate; None for the whole muscle

    def __new__(cls, key: str, words: str = "", code: Code | None = None) -> Self:
        """A region, equal to its key."""
        region = str.__new__(cls, key)
        region._value_ = key
        region.words, region.code = words, code
        return region

    WHOLE = "whole", "the whole muscle"
    ANTERIOR = "anterior", "anterior region", ("255549009", "SCT", "Anterior")
    MIDDLE = "middle", "middle region", ("11896004", "SCT", "Intermediate")
    POSTERIOR = "posterior", "posterior region", ("255551008", "SCT", "Posterior")
    UPPER = "upper", "upper region", ("264217000", "SCT", "Superior")
    LOWER = "lower", "lower region", ("261089000", "SCT", "Inferior")


@dataclass(frozen=True)
class MuscleFacts:
    """What is said of one muscle.

    Attributes:
        words: its name in a sentence, e.g. ``gluteus maximus``.
        short: one word, where it is clear what is spoken of.
        regions: parts that are read apart, in the order of their label values; from front to back (top to bottom) they stand in `REGIONS`.
        label_tens: of the values of `labels.nii.gz`.
        colours: of the contours of the whole muscle and of regions that have their own, bright on greyscale and over the fat colours.
        plot: colour and marker in figures on white, dark enough to read; the shape says the same as the colour.
        code: body structure as DICOM objects write it.
        also_read: further codes that are read as this muscle, e.g. of the "entire" muscle.
        named: words that name it in other people's label maps, besides the short one, where the name is one of a gluteus.
        also_named: what names it in any name: the beginnings of words that must all be there.
        optional: not every source of labels tells it. One that is not told is no finding, and nothing that is said of a side, a hip or a
            study as a whole depends on it.
        split: how its regions may be told apart besides by volume (`regions` in the settings); empty for a muscle without regions.
        divisions: what a rule may divide it into.
        layer: superficial muscles lie over deep ones: 1 is the most superficial; None for a muscle beside them.
    """

    words: str
    short: str
    regions: tuple[Region, ...]
    label_tens: int
    colours: Mapping[Region, str]
    plot: tuple[str, str]
    code: Code
    also_read: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    also_named: tuple[str, ...] = ()
    optional: bool = False
    split: str = ""
    divisions: tuple[tuple[Region, ...], ...] = ()
    layer: int | None = None


class Muscle(StrEnum):
    """The graded muscles: the glutei, and beside them what some sources of labels tell."""

    facts: MuscleFacts  # what is said of it

    def __new__(cls, key: str, facts: MuscleFacts | None = None) -> Self:
        """A muscle, equal to its key."""
        muscle = str.__new__(cls, key)
        assert facts is not None
        muscle._value_ = key
        muscle.facts = facts
        return muscle

    GLUTEUS_MAXIMUS = (
        "gluteus_maximus",
        MuscleFacts(
            words="gluteus maximus",
            short="maximus",
            regions=(Region.UPPER, Region.LOWER),
            label_tens=10,
            colours={Region.WHOLE: "#FF9E66"},
            plot=("#B35900", "o"),
            code=("206007", "SCT", "Gluteus maximus muscle"),
            also_read=("181674001",),  # some tables of TotalSegmentator's classes
            named=("max",),
            split="width",
            divisions=((Region.UPPER, Region.LOWER),),
            layer=1,
        ),
    )
    GLUTEUS_MEDIUS = (
        "gluteus_medius",
        MuscleFacts(
            words="gluteus medius",
            short="medius",
            regions=(Region.ANTERIOR, Region.MIDDLE, Region.POSTERIOR),
            label_tens=20,
            colours={Region.WHOLE: "#66DDFF"},
            plot=("#0072B2", "s"),
            code=("78333006", "SCT", "Gluteus medius muscle"),
            named=("med",),
            split="angle",
            divisions=((Region.ANTERIOR, Region.MIDDLE, Region.POSTERIOR),),
            layer=2,
        ),
    )
    GLUTEUS_MINIMUS = (
        "gluteus_minimus",
        MuscleFacts(
            words="gluteus minimus",
            short="minimus",
            regions=(Region.ANTERIOR, Region.POSTERIOR, Region.MIDDLE),  # the middle came later: values of old label maps hold
            label_tens=30,
            colours={Region.WHOLE: "#FFF000", Region.ANTERIOR: "#FFF000", Region.MIDDLE: "#FFF000", Region.POSTERIOR: "#EE22FF"},
            plot=("#007A5A", "^"),
            code=("75297007", "SCT", "Gluteus minimus muscle"),
            named=("min",),
            split="angle",
            divisions=((Region.ANTERIOR, Region.POSTERIOR), (Region.ANTERIOR, Region.MIDDLE, Region.POSTERIOR)),
            layer=3,
        ),
    )
    TENSOR_FASCIAE_LATAE = (
        "tensor_fasciae_latae",
        MuscleFacts(
            words="tensor fasciae latae",
            short="tensor",
            regions=(),
            label_tens=40,
            colours={Region.WHOLE: "#C2FFB8"},
            plot=("#7B3294", "D"),
            # ISO/IEEE 11073-10101 as DICOM CID 3031 has it; no context group of DICOM names a code of SNOMED CT
            code=("7:808", "MDC", "Musculus tensor fasciae latae"),
            also_named=("tfl", "tensor fasci"),
            optional=True,
        ),
    )

    @property
    def words(self) -> str:
        """In a sentence, e.g. ``gluteus maximus``."""
        return self.facts.words

    @property
    def short(self) -> str:
        """One word, e.g. ``maximus``."""
        return self.facts.short

    @property
    def optional(self) -> bool:
        """Whether it may be missing without a word; not of a gluteus."""
        return self.facts.optional


GLUTEI: tuple[Muscle, ...] = tuple(muscle for muscle in Muscle if not muscle.optional)
"""The muscles that every study has, and that a side, a hip and a study are judged by."""


def muscles_among(found: Iterable[str]) -> tuple[Muscle, ...]:
    """The glutei always, and of the other muscles those that are found, in the order of `Muscle`.

    Examples:
        >>> [muscle.short for muscle in muscles_among(["tensor_fasciae_latae"])]
        ['maximus', 'medius', 'minimus', 'tensor']
    """
    there = set(found)
    return tuple(muscle for muscle in Muscle if not muscle.optional or muscle in there)


REGIONS: Mapping[Muscle, tuple[Region, ...]] = MappingProxyType(
    {muscle: tuple(region for region in Region if region in muscle.facts.regions) for muscle in Muscle}
)
"""The regions that a muscle may have, from front to back or top to bottom; a study tells some of them, or none."""


def division(muscle: Muscle, cuts: int) -> tuple[Region, ...]:
    """The regions that so many borders make, from front to back or top to bottom.

    Raises:
        ValueError: the muscle is not divided so; the message says how it is.

    Examples:
        >>> [region.value for region in division(Muscle.GLUTEUS_MINIMUS, 1)]
        ['anterior', 'posterior']
    """
    ways = {len(regions) - 1: regions for regions in muscle.facts.divisions}
    if cuts not in ways:
        raise ValueError(f"{muscle} is split by {' or '.join(map(str, ways))} cuts, or none" if ways else f"{muscle} is not split")
    return ways[cuts]


# Sought so that any two, with the colour of what was left out, stay at least 23 apart in CIELAB for full, red-blind, green-blind and
# blue-blind sight (Machado 2009; tests/report/test_colours.py).
COLOURS: Mapping[tuple[Muscle, Region], str] = MappingProxyType(
    {(muscle, region): colour for muscle in Muscle for region, colour in muscle.facts.colours.items()}
)


@dataclass(frozen=True, order=True)
class Part:
    """One thing that is measured: a muscle or a region of it, on one side."""

    muscle: Muscle
    region: Region
    side: Side

    def __str__(self) -> str:
        region = "" if self.region is Region.WHOLE else f" ({self.region})"
        return f"{self.side} {self.muscle.words}{region}"


def label_value(part: Part) -> int:
    """The voxel value of a part in `labels.nii.gz` (fits in uint8): hundreds the side, tens the muscle, units the region (0: not told).

    Raises:
        ValueError: the muscle has no such region.

    Examples:
        >>> label_value(Part(Muscle.GLUTEUS_MINIMUS, Region.POSTERIOR, Side.LEFT))
        232
        >>> LABEL_VALUES[120].muscle.value, LABEL_VALUES[120].side.value
        ('gluteus_medius', 'right')
    """
    units = 0 if part.region is Region.WHOLE else 1 + part.muscle.facts.regions.index(part.region)
    return part.side.label_hundreds + part.muscle.facts.label_tens + units


ALL_PARTS: tuple[Part, ...] = tuple(
    Part(muscle, region, side) for side in Side for muscle in Muscle for region in (Region.WHOLE, *REGIONS[muscle])
)
LABEL_VALUES: Mapping[int, Part] = MappingProxyType(dict(sorted((label_value(part), part) for part in ALL_PARTS)))
OPTIONAL_VALUES: tuple[int, ...] = tuple(value for value, part in LABEL_VALUES.items() if part.muscle.optional)
