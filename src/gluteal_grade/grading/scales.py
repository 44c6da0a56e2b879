"""Grading scales: ordered edges on one measured quantity, each with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gluteal_grade.config import read_yaml, shipped, validated
from gluteal_grade.vocabulary import Muscle, Scale, is_scale_key

Measure = Literal["fat_fraction", "fat_fraction_core", "fat_area_fraction", "fat_area_fraction_core", "ct_non_functional_share"]
OF_AREA = frozenset({"fat_area_fraction", "fat_area_fraction_core"})
# columns of muscles.csv and ratings that a scale must not be called
_TAKEN = frozenset({"study", "side", "muscle", "region", "status", "reason", "method", "coverage", "checks", "borderline"})
_TAKEN |= {"fat_fraction", "fat_fraction_core", "volume_ml", "quality", "bursa"}


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
    """One reading of a scale: quantity, edges and where they come from.

    Attributes:
        measure: the quantity; `ct_non_functional_share` is what CT shows outside 30 to 100 HU, none on other images.
        source: where the edges come from.
        edges: lowest first.
        muscles: those that it grades; none named: all.
        unverified: the edges stand in no source; its grades are marked so.
    """

    measure: Measure
    source: str
    edges: tuple[Edge, ...]
    muscles: tuple[Muscle, ...] = ()
    unverified: bool = False

    @model_validator(mode="after")
    def _rising(self) -> Self:
        at = [edge.at for edge in self.edges]
        if not at or at != sorted(set(at)):
            raise ValueError("edges must rise")
        return self

    def grades(self, muscle: Muscle) -> bool:
        """Is this muscle one that it grades?"""
        return not self.muscles or muscle in self.muscles

    def grade(self, value: float) -> int | None:
        """Grade of a fraction; None for NaN."""
        return None if math.isnan(value) else sum(edge.passed_by(value) for edge in self.edges)

    def nearest_edge(self, value: float) -> float:
        """Signed distance (fraction) to the closest edge, positive above it; NaN for NaN."""
        if math.isnan(value):
            return math.nan
        return min((value - edge.at for edge in self.edges), key=abs)


class ScaleRule(_Frozen):
    """How one scale grades: its profiles, of which `profile` is the one in use; `title` and `short` are for readers."""

    title: Annotated[str, Field(min_length=1, max_length=40)]
    short: Annotated[str, Field(max_length=12)] = ""
    primary: bool = False
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
    """All scales of a study's result, in the order of its tables; one of them is the primary one."""

    scales: dict[str, ScaleRule]

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if bad := [key for key in self.scales if not is_scale_key(key) or key in _TAKEN]:
            raise ValueError(f"no names for scales: {bad} (small letters, digits and underscores; no column of muscles.csv)")
        if (primary := sum(scale.primary for scale in self.scales.values())) != 1:
            raise ValueError(f"one scale must be the primary one, not {primary}")
        return self

    @property
    def words(self) -> tuple[Scale, ...]:
        """What readers and tables know of each."""
        return tuple(Scale(key, rule.title, len(rule.active.edges), rule.primary, rule.short) for key, rule in self.scales.items())

    def grade(self, name: str, fat_fraction: float, fat_area_fraction: float = math.nan) -> int | None:
        """Grade on one scale, from whichever quantity the scale's profile names; None where that is NaN."""
        profile = self.scales[name].active
        return profile.grade(self.value(name, fat_fraction, fat_area_fraction))

    def value(self, name: str, fat_fraction: float, fat_area_fraction: float = math.nan) -> float:
        """The quantity that the scale grades; NaN where it is neither of these two."""
        if self.scales[name].active.measure == "ct_non_functional_share":
            return math.nan
        return fat_area_fraction if self.scales[name].active.measure in OF_AREA else fat_fraction


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
    scales = validated(Scales, read_yaml(path or shipped("configs", "grading.yaml")), "grading scales")
    if unknown := sorted(set(profiles or {}) - set(scales.scales)):
        raise ValueError(f"grading scales: no scale is called {', '.join(unknown)}; there are {', '.join(scales.scales)}")
    chosen = {name: scale.model_dump() | {"profile": (profiles or {}).get(name, scale.profile)} for name, scale in scales.scales.items()}
    return validated(Scales, {"scales": chosen}, "grading scales")


def known_scales() -> tuple[Scale, ...]:
    """The scales of the shipped file, in the order of the tables; a lab's own ones stand in the results that they graded."""
    path = shipped("configs", "grading.yaml")
    status = path.stat()
    return _known(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _known(path: Path, changed_ns: int, size: int) -> tuple[Scale, ...]:  # noqa: ARG001 - part of the cache key
    return load_scales(path).words
