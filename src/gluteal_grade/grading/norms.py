"""Healthy values from the literature, read from `configs/norms.yaml`, and where a measurement lies among them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import ndtr

from gluteal_grade.config import read_yaml, shipped, validated
from gluteal_grade.errors import Note, Reason
from gluteal_grade.vocabulary import Muscle

Quantity = Literal["volume_ml", "fat_fraction"]
Sex = Literal["M", "F"]
_QUARTILE_Z = 0.6744897501960817  # of a normal distribution


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NormValue(_Frozen):
    """One quantity of one muscle in one group, as quartiles or as mean and SD."""

    sex: Literal["M", "F", "any"]
    muscle: Muscle
    quantity: Quantity
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    mean: float | None = None
    sd: Annotated[float, Field(gt=0)] | None = None
    extent: str | None = None

    @model_validator(mode="after")
    def _one_spread(self) -> Self:
        quartiles = (self.q1, self.median, self.q3)
        if None in quartiles and None in (self.mean, self.sd):
            raise ValueError("give median, q1 and q3, or mean and sd")
        if self.q1 is not None and self.median is not None and self.q3 is not None and not self.q1 < self.median < self.q3:
            raise ValueError("q1 < median < q3")
        return self

    def z(self, value: float) -> float:
        """SDs above the middle; with quartiles each half has its own SD, so that q1 and q3 are at the 25th and 75th percentile."""
        if self.mean is not None and self.sd is not None:
            return (value - self.mean) / self.sd
        assert self.q1 is not None
        assert self.median is not None
        assert self.q3 is not None
        half = self.q3 - self.median if value > self.median else self.median - self.q1
        return _QUARTILE_Z * (value - self.median) / half


class NormSet(_Frozen):
    """One publication."""

    source: str
    subjects: str
    field_t: float | None
    methods: tuple[str, ...]
    caveat: str
    values: tuple[NormValue, ...]


class Norms(_Frozen):
    """All sets; `primary` is the one for tables."""

    primary: str
    sets: dict[str, NormSet]

    @model_validator(mode="after")
    def _has_primary(self) -> Self:
        if self.primary not in self.sets:
            raise ValueError(f"primary {self.primary!r} is not one of {sorted(self.sets)}")
        return self


@dataclass(frozen=True)
class Score:
    """Where a measurement lies in one group.

    Attributes:
        source: key of the set.
        quantity: what is compared.
        z: SDs above the group's middle.
        percentile: 0-100, of a normal distribution at `z`.
    """

    source: str
    quantity: Quantity
    z: float
    percentile: float


def compare(norms: Norms, sex: Sex, method: str, muscle: Muscle, volume_ml: float, fat_fraction: float) -> tuple[Score, ...]:
    """Scores of one whole muscle in every set that fits, the primary set first; empty where none does (see `why_none`)."""
    measured: dict[Quantity, float] = {"volume_ml": volume_ml, "fat_fraction": fat_fraction}
    names = sorted(norms.sets, key=lambda name: name != norms.primary)
    found = []
    for name in names:
        for value in _fitting(norms.sets[name], sex, method, muscle):
            z = value.z(measured[value.quantity])
            if value.extent is None and not math.isnan(z):
                found.append(Score(name, value.quantity, z, 100 * float(ndtr(z))))
    return tuple(found)


def why_none(norms: Norms, sex: Sex | None, method: str, muscle: Muscle, borders: tuple[str, ...]) -> Note | None:
    """Why a measured whole muscle has no score; None where it has one."""
    if sex is None:
        return Note(Reason.SEX_UNKNOWN, "no norm without the patient's sex")
    if not any(method in s.methods for s in norms.sets.values()):
        return Note(Reason.NO_NORM, f"no norm for fat measured by {method}")
    if borders:
        return Note(Reason.NO_NORM, "norms are of whole muscles, this one is cut by the field of view")
    values = [v for s in norms.sets.values() for v in _fitting(s, sex, method, muscle)]
    if all(v.extent for v in values):
        extents = ", ".join(dict.fromkeys(v.extent for v in values if v.extent))
        return Note(Reason.NO_NORM, f"the norm is of the part {extents} only" if extents else "no norm for this muscle")
    return None


def caveats(norms: Norms, used: tuple[str, ...], field_t: float | None) -> tuple[str, ...]:
    """What to print beside scores: whose values, and how far the protocols agree."""
    said = []
    for name in used:
        group = norms.sets[name]
        field = "field strength not stated" if group.field_t is None else f"{group.field_t:g} T"
        here = "" if None in (field_t, group.field_t) or field_t == group.field_t else f" (this study: {field_t:g} T)"
        said.append(f"{group.source}: {group.subjects}, {field}{here}; {group.caveat}")
    return tuple(said)


def load_norms(path: Path | None = None) -> Norms:
    """Norms from a YAML file, the shipped one by default.

    Raises:
        ValueError: the file is not valid; the message says what.
    """
    return validated(Norms, read_yaml(path or shipped("configs", "norms.yaml")), "norms")


def _fitting(group: NormSet, sex: Sex, method: str, muscle: Muscle) -> list[NormValue]:
    return [v for v in group.values if method in group.methods and v.muscle is muscle and v.sex in (sex, "any")]
