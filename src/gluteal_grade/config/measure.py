"""Settings of measuring, regions, intervals and grading."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from gluteal_grade.config.base import Fraction, SettingsBase
from gluteal_grade.vocabulary import Muscle, division


class GradingSettings(SettingsBase):
    """Which scales file and which profile per scale; files of norms and statements."""

    file: Path | None
    profiles: dict[str, str]
    norms: Path | None
    interpretation: Path | None


class FatBeyondSettings(SettingsBase):
    """Plain fat in a network's outline that goes on outside it; `measurement/fat_beyond.py`."""

    muscles: tuple[Muscle, ...]
    least: Fraction
    radius_mm: Annotated[float, Field(gt=0)]
    min_outside_ml: Annotated[float, Field(ge=0)]
    min_rest: Fraction
    max_rest_fat: Fraction
    say: Fraction
    review: Fraction


class CoreSettings(SettingsBase):
    """What lies surely inside a muscle; `measurement/core.py`."""

    given_share: Annotated[float, Field(gt=0.5, le=1)]
    automatic_share: Annotated[float, Field(gt=0.5, le=1)]
    automatic_depth_mm: Annotated[float, Field(ge=0)]
    outside_share: Annotated[float, Field(ge=0, lt=0.5)]
    surroundings_mm: Annotated[float, Field(gt=0)]
    min_ml: Annotated[float, Field(ge=0)]
    fat_beyond: FatBeyondSettings


class FocalSettings(SettingsBase):
    """From where on a part of a muscle does not look like the rest; `measurement/focal.py`."""

    look: bool
    leave_out: bool
    min_radius_mm: Annotated[float, Field(gt=0)]
    min_difference: Fraction
    min_step: Fraction
    min_contrast: Annotated[float, Field(gt=0)]
    min_strength_mm: Annotated[float, Field(gt=0)]
    max_fat: Fraction
    min_rest: Fraction
    min_edge_ml: Annotated[float, Field(ge=0)]
    max_balls: Annotated[float, Field(ge=1)]


class MeasureSettings(SettingsBase):
    """Thresholds of `measure.py`."""

    fat_area_threshold: Fraction
    min_voxels: Annotated[int, Field(ge=1)]
    min_evaluable_share: Fraction
    min_view_area_mm2: Annotated[float, Field(ge=0)]
    core: CoreSettings
    focal: FocalSettings


Cuts = tuple[Annotated[float, Field(gt=0, lt=1)], ...]


class RegionRule(SettingsBase):
    """Where the borders of one muscle's regions lie; see `segmentation/regions.py`."""

    by: Literal["angle", "width", "volume"]
    cuts: Cuts  # from the anterior or upper edge; none: the muscle stays whole

    @field_validator("cuts")
    @classmethod
    def _in_order(cls, cuts: Cuts) -> Cuts:
        if any(b <= a for a, b in pairwise(cuts)):
            raise ValueError("cuts must increase")
        return cuts


class RegionSettings(SettingsBase):
    """How whole muscles are split; `segmentation/regions.py`."""

    muscles: dict[Muscle, RegionRule]
    fibre_deg: Annotated[float, Field(gt=0, lt=90)]
    lean_deg: Annotated[float, Field(ge=-90, le=90)]
    min_view: Fraction
    max_tip_cut_mm2: Annotated[float, Field(ge=0)]
    min_ml: Annotated[float, Field(ge=0)]
    min_share: Fraction

    @model_validator(mode="before")
    @classmethod
    def _by_muscle(cls, data: Any) -> Any:
        """In YAML the muscles stand beside the other keys."""
        if not isinstance(data, Mapping):
            return data
        named = {key: value for key, value in data.items() if key in set(Muscle)}
        others = {key: value for key, value in data.items() if key not in named}
        return others | {"muscles": {**data.get("muscles", {}), **named}}

    @model_validator(mode="after")
    def _fits_the_muscles(self) -> Self:
        for muscle, rule in self.muscles.items():
            if rule.cuts:
                division(muscle, len(rule.cuts))
            if rule.by not in (way := muscle.facts.split, "volume"):
                raise ValueError(f"{muscle} is split by {way or 'nothing'} or volume")
        return self

    def rule(self, muscle: Muscle) -> RegionRule:
        """The rule of one muscle; one without a rule stays whole."""
        return self.muscles.get(muscle, _WHOLE)


_WHOLE = RegionRule(by="volume", cuts=())


class LabelFactors(SettingsBase):
    """What the doubt about a label's border counts for; `uncertainty/interval.py`."""

    partial_volume: Annotated[float, Field(ge=0)]
    border: Annotated[float, Field(ge=0)]
    segmentation: Annotated[float, Field(ge=0)]


class CoreFactors(LabelFactors):
    """The same of the core value, and what the rim that it leaves out counts for."""

    rim: Annotated[float, Field(ge=0)]


_Factors = TypeVar("_Factors", bound=LabelFactors)


def _of_all_muscles(automatic: dict[Muscle, _Factors]) -> dict[Muscle, _Factors]:
    if missing := [muscle.value for muscle in Muscle if muscle not in automatic]:
        raise ValueError(f"every muscle needs its factors; missing: {', '.join(missing)}")
    return automatic


class CoreUncertainty(SettingsBase):
    """How wide the intervals of core values are; for a network's outlines muscle by muscle, as it draws some better than others."""

    given: CoreFactors
    automatic: Annotated[dict[Muscle, CoreFactors], AfterValidator(_of_all_muscles)]


class MethodErrors(SettingsBase):
    """Errors of one fat method beyond those that its map states; SDs of the fat fraction."""

    spread: Annotated[float, Field(ge=0)]
    offset: Annotated[float, Field(ge=0)]
    gain: Annotated[float, Field(ge=0)]
    not_seen: Annotated[float, Field(ge=0)]


class UncertaintySettings(SettingsBase):
    """How wide the intervals are."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    borderline: Fraction
    fascia: Annotated[float, Field(ge=0)]
    given: LabelFactors
    automatic: Annotated[dict[Muscle, LabelFactors], AfterValidator(_of_all_muscles)]
    core: CoreUncertainty
    methods: dict[str, MethodErrors]

    @field_validator("methods")
    @classmethod
    def _has_other(cls, methods: dict[str, MethodErrors]) -> dict[str, MethodErrors]:
        if "other" not in methods:
            raise ValueError("methods need an entry `other`")
        return methods

    def model(self, method: str) -> MethodErrors:
        """Of one method, named as in `fat.fatmap.Method`."""
        return self.methods.get(method, self.methods["other"])
