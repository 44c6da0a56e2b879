"""Percentile curves over age as a table of L, M and S (Cole & Green, Stat Med 1992;11:1305), as growth charts are published."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

_ALMOST_NOUGHT = 1e-6  # an L that is taken for the logarithm
Numbers = Annotated[tuple[float, ...], Field(min_length=2)]


class Curve(BaseModel):
    """L (power), M (median) and S (coefficient of variation) of ``value + offset`` at ages in years; straight lines between them.

    No number is given for an age outside the table: nobody of that age was seen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: float = 0.0
    age: Numbers
    l: Numbers  # noqa: E741 - the name in every growth chart
    m: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2)]
    s: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _one_table(self) -> Self:
        if len({len(self.age), len(self.l), len(self.m), len(self.s)}) > 1:
            raise ValueError("age, l, m and s are of one length")
        if not all(math.isfinite(v) for v in (*self.age, *self.l, *self.m, *self.s, self.offset)):
            raise ValueError("age, l, m, s and offset are numbers")
        if any(one >= next_ for one, next_ in pairwise(self.age)):
            raise ValueError("age goes up")
        return self

    @property
    def ages(self) -> tuple[float, float]:
        """Youngest and oldest."""
        return self.age[0], self.age[-1]

    def covers(self, age: float) -> bool:
        """Were people of this age seen?"""
        return self.age[0] <= age <= self.age[-1]

    def z(self, value: float, age: float) -> float:
        """SDs above the median of this age; NaN outside the ages seen, and where the value with its offset is not positive."""
        if not self.covers(age) or not value + self.offset > 0:
            return math.nan
        power, median, spread = self._at(age)
        ratio = (value + self.offset) / median
        if abs(power) < _ALMOST_NOUGHT:
            return math.log(ratio) / spread
        return float((ratio**power - 1) / (power * spread))

    def value(self, z: float, age: float) -> float:
        """The number at a z-score; NaN outside the ages seen, and where the curve has none."""
        if not self.covers(age):
            return math.nan
        power, median, spread = self._at(age)
        if abs(power) < _ALMOST_NOUGHT:
            return median * math.exp(spread * z) - self.offset
        inside = 1 + power * spread * z
        return float(median * inside ** (1 / power) - self.offset) if inside > 0 else math.nan

    def _at(self, age: float) -> tuple[float, float, float]:
        power, median, spread = (float(np.interp(age, self.age, column)) for column in (self.l, self.m, self.s))
        return power, median, spread
