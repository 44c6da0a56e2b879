"""Grading scales: ordered edges on one measured quantity, each with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gluteal_grade.config import read_yaml, shipped, validated

Measure = Literal["fat_fraction", "fat_area_fraction"]
ScaleName = Literal["quartile", "goutallier", "bal_lowe"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Edge(_Frozen):
    """Where one grade becomes the next: at fraction `at` (0-1); a value exactly there gets the `on_edge` grade."""

    at: Annotated[float, Field(gt=0, lt=1)]
    on_edge: Literal["lower", "upper"]

    def passed_by(self, value: float) -> bool:
        """True if `value` lies in the grade above this edge."""
        return value >= self.at if self.on_edge == "upper" else value > self.at


class Profile(_Frozen):
    """One reading of a scale: quantity, edges and where they come from."""

    measure: Measure
    source: str
    edges: tuple[Edge, ...]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        at = [edge.at for edge in self.edges]
        if not at or at != sorted(set(at)):
            raise ValueError("edges must rise")
        return self

    def grade(self, value: float) -> int | None:
        """Grade of a fraction; None for NaN."""
        return None if math.isnan(value) else sum(edge.passed_by(value) for edge in self.edges)

    def nearest_edge(self, value: float) -> float:
        """Signed distance (fraction) to the closest edge, positive above it; NaN for NaN."""
        if math.isnan(value):
            return math.nan
        return min((value - edge.at for edge in self.edges), key=abs)


class Scale(_Frozen):
    """A named scale with its profiles; `profile` is the one in use."""

    title: str
    primary: bool
    profile: str
    profiles: dict[str, Profile]

    @model_validator(mode="after")
    def _profile_exists(self) -> Self:
        if self.profile not in self.profiles:
            raise ValueError(f"profile {self.profile!r} is not one of {sorted(self.profiles)}")
        return self

    @property
    def active(self) -> Profile:
        """The profile in use."""
        return self.profiles[self.profile]


class Scales(_Frozen):
    """All scales of a study's result; every name of `ScaleName` is there, as outputs have a column for each."""

    scales: dict[ScaleName, Scale]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = set(get_args(ScaleName)) - set(self.scales)
        if missing:
            raise ValueError(f"scales missing: {sorted(missing)}")
        return self

    def grade(self, name: ScaleName, fat_fraction: float, fat_area_fraction: float = math.nan) -> int | None:
        """Grade on one scale, from whichever quantity the scale's profile names; None where that is NaN."""
        profile = self.scales[name].active
        return profile.grade(self.value(name, fat_fraction, fat_area_fraction))

    def value(self, name: ScaleName, fat_fraction: float, fat_area_fraction: float = math.nan) -> float:
        """The quantity that the scale grades."""
        return fat_fraction if self.scales[name].active.measure == "fat_fraction" else fat_area_fraction


def load_scales(path: Path | None = None, profiles: Mapping[str, str] | None = None) -> Scales:
    """Scales from a YAML file (the shipped one by default), with other profiles chosen by scale name.

    Raises:
        ValueError: the file or a chosen profile is not valid; the message says what.

    Examples:
        >>> scales = load_scales()
        >>> list(scales.scales)
        ['quartile', 'goutallier', 'bal_lowe']
        >>> scales.grade("quartile", 0.29), scales.grade("quartile", float("nan"))
        (2, None)
    """
    data = read_yaml(path or shipped("configs", "grading.yaml"))
    if unknown := sorted(set(profiles or {}) - set(get_args(ScaleName))):
        raise ValueError(f"grading scales: no scale is called {', '.join(unknown)}; there are {', '.join(get_args(ScaleName))}")
    scales = validated(Scales, data, "grading scales")
    chosen = {name: scale.model_dump() | {"profile": (profiles or {}).get(name, scale.profile)} for name, scale in scales.scales.items()}
    return validated(Scales, {"scales": chosen}, "grading scales")
