"""Numberings of label maps: `configs/labelmaps/*.yaml` and a lab's own YAML of the same form."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from gluteal_grade.config import read_yaml, shipped, validated
from gluteal_grade.geometry import Array
from gluteal_grade.vocabulary import REGIONS, Muscle, Part, Region, Side, label_value

_TABLE = 1 << 16  # values below it are looked up in a table


class Structure(StrEnum):
    """What other values of a label map show that tells one numbering from another by where it lies."""

    HIP_BONE = "hip_bone"
    BRAIN = "brain"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    muscle: Muscle
    side: Side
    region: Region = Region.WHOLE

    @model_validator(mode="after")
    def _region_exists(self) -> _Entry:
        if self.region not in (Region.WHOLE, *REGIONS[self.muscle]):
            raise ValueError(f"{self.muscle} has no {self.region} region")
        return self


class Numbering(BaseModel):
    """Which voxel value is which muscle, region and side; other values are ignored.

    Attributes:
        title: the program and version.
        source: where its table is published.
        labels: the gluteal muscles.
        highest: the largest value that there is in it, None where any may be.
        others: values of other structures by which a label map may betray that it is in another numbering.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    source: str
    labels: dict[int, _Entry]
    highest: int | None = None
    others: dict[int, Structure] = {}

    def parts(self) -> dict[int, Part]:
        """Voxel value to part."""
        return {value: Part(e.muscle, e.region, e.side) for value, e in self.labels.items()}

    def translate(self, array: Array) -> Array:
        """Integer label array to our own values (uint8, `anatomy.label_value`); values not listed become 0."""
        parts = self.parts()
        if array.size and array.min() >= 0 and array.max() < _TABLE:
            table = np.zeros(int(array.max()) + 1, np.uint8)
            for value, part in parts.items():
                if 0 <= value < len(table):
                    table[value] = label_value(part)
            return table[array]
        ours = np.zeros(array.shape, np.uint8)
        for value, part in parts.items():
            ours[array == value] = label_value(part)
        return ours


def shipped_numberings() -> tuple[str, ...]:
    """Names that `load_numbering` knows without a path."""
    return tuple(sorted(path.stem for path in shipped("configs", "labelmaps").glob("*.yaml")))


def load_numbering(name: str) -> Numbering:
    """A shipped numbering by name, or a lab's own by the path of its YAML file.

    Raises:
        ValueError: unknown name, or a file that is not a numbering; the message says what.

    Examples:
        >>> from gluteal_grade.segmentation import load_numbering
        >>> str(load_numbering("totalsegmentator").parts()[81])
        'right gluteus maximus'
    """
    if name in shipped_numberings():
        path = shipped("configs", "labelmaps", f"{name}.yaml")
    elif name.endswith((".yaml", ".yml")) and Path(name).is_file():
        path = Path(name)
    else:
        raise ValueError(f"unknown label map {name!r}: take one of {', '.join(shipped_numberings())}, or the path of a YAML file")
    return validated(Numbering, read_yaml(path), f"label map {path.name}")
