"""Healthy values as `configs/norms.yaml` and `cohort norms` write them: sets of one protocol, each with values by sex and muscle."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gluteal_grade.config import read_yaml, shipped, validated
from gluteal_grade.grading.curves import Curve
from gluteal_grade.vocabulary import Muscle

Quantity = Literal["volume_ml", "fat_fraction", "fat_fraction_core", "volume_per_kg", "volume_per_m2", "volume_per_lean_kg"]
Sex = Literal["M", "F"]
_QUARTILE_Z = 0.6744897501960817  # of a normal distribution


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NormValue(_Frozen):
    """One quantity of one muscle in one group, as quartiles, as mean and SD, or as curves over age.

    Attributes:
        n: people behind it, where it is of fewer than the set.
        extent: what was measured if it is not the whole muscle; such a value is never compared.
    """

    sex: Literal["M", "F", "any"]
    muscle: Muscle
    quantity: Quantity
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    mean: float | None = None
    sd: Annotated[float, Field(gt=0)] | None = None
    curve: Curve | None = None
    n: Annotated[int, Field(gt=0)] | None = None
    extent: str | None = None

    @model_validator(mode="after")
    def _one_spread(self) -> Self:
        quartiles = (self.q1, self.median, self.q3)
        if self.curve is None and None in quartiles and None in (self.mean, self.sd):
            raise ValueError("give median, q1 and q3, or mean and sd, or curve")
        if self.q1 is not None and self.median is not None and self.q3 is not None and not self.q1 < self.median < self.q3:
            raise ValueError("q1 < median < q3")
        return self

    def z(self, value: float, age: float | None = None) -> float:
        """SDs above the middle; with quartiles each half has its own SD, so that q1 and q3 are at the 25th and 75th percentile.

        NaN where a curve needs an age that is not known, or that nobody had who was measured for it.
        """
        if self.curve is not None:
            return math.nan if age is None else self.curve.z(value, age)
        if self.mean is not None and self.sd is not None:
            return (value - self.mean) / self.sd
        assert self.q1 is not None
        assert self.median is not None
        assert self.q3 is not None
        half = self.q3 - self.median if value > self.median else self.median - self.q1
        return _QUARTILE_Z * (value - self.median) / half


class NormSet(_Frozen):
    """One publication, or one protocol of a site's own cohort.

    Attributes:
        methods: how fat was measured; of other methods nothing is compared.
        kinds: kinds of series it was measured on, joined by ``+`` (`dixon_fat+dixon_water`); empty: any.
        labels: who drew; None: anybody.
        made_by: program and settings, of a set that `cohort norms` wrote.
    """

    source: str
    subjects: str
    field_t: float | None
    methods: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    labels: Literal["automatic", "given"] | None = None
    caveat: str
    made_by: str = ""
    values: tuple[NormValue, ...]


class Norms(_Frozen):
    """All sets; `primary` is the one that goes first."""

    primary: str
    sets: dict[str, NormSet]

    @model_validator(mode="after")
    def _has_primary(self) -> Self:
        if self.primary not in self.sets:
            raise ValueError(f"primary {self.primary!r} is not one of {sorted(self.sets)}")
        return self


def load_norms(path: Path | None = None) -> Norms:
    """Norms from a YAML file, the shipped one by default.

    Raises:
        ValueError: the file is not valid; the message says what.
    """
    return validated(Norms, read_yaml(path or shipped("configs", "norms.yaml")), "norms")
