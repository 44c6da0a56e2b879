"""What the user may choose, and what is fixed."""

from __future__ import annotations

from dataclasses import dataclass

INCLUDABLE = ("graded", "partial", "needs_review")
FAT, MEAN_FAT, VOLUME, LEAN = "fat_fraction_graded", "fat_fraction", "volume_ml", "lean_volume_graded_ml"
CONTINUOUS = (FAT, MEAN_FAT, VOLUME, LEAN)  # the other outcomes are grades, by the key of their scale
OF_VOLUME = (VOLUME, LEAN)  # a muscle that is cut has none
_UNITS = {FAT: "percentage points", MEAN_FAT: "percentage points", VOLUME: "ml", LEAN: "ml"}

MIN_KNOWN = 0.9  # share of rows with sex or age known, for it to enter the model
MAX_LEVELS = 8  # more is no grouping: an age, a name


@dataclass(frozen=True)
class StatsOptions:
    """Choices of one run.

    Attributes:
        group: column of studies.csv whose values are compared.
        site: what tells sites apart in the models: a column of studies.csv, or of `made_at.OF_HEADER`; empty: sites are not modelled.
        include: the `status` of muscles that count, from `INCLUDABLE`.
        all_studies: use every study of a patient, not the earliest alone.
        draws: bootstrap draws.
        seed: of the bootstrap; every interval starts from it, so the order of comparisons changes nothing.
    """

    group: str = "group"
    include: tuple[str, ...] = ("graded",)
    all_studies: bool = False
    draws: int = 4000
    seed: int = 20240601
    site: str = ""

    def __post_init__(self) -> None:
        if not self.include or (unknown := [s for s in self.include if s not in INCLUDABLE]):
            raise ValueError(f"of {', '.join(INCLUDABLE)}; not {', '.join(unknown) if self.include else 'nothing'}")


def is_grade(outcome: str) -> bool:
    """Ordered categories of a scale, not a measurement."""
    return outcome not in CONTINUOUS


def rests_on_fat(outcome: str) -> bool:
    """Comes from the fat map, and so depends on the method."""
    return outcome != VOLUME


def rests_on_graded(outcome: str) -> bool:
    """Comes from the fat fraction that is graded: of the muscle itself, or where there is none the mean over its label."""
    return outcome not in (VOLUME, MEAN_FAT)


def unit_of(outcome: str) -> str:
    """For tables."""
    return _UNITS.get(outcome, "grade")
