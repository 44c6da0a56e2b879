"""Settings of the networks and of the checks on labels."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, RootModel, model_validator

from gluteal_grade.config.base import Fraction, Interval, SettingsBase
from gluteal_grade.vocabulary import GLUTEI, Muscle


class VolumeRanges(RootModel[dict[Muscle, Interval]]):
    """Plausible volumes of whole muscles, ml, one for every gluteus; any volume is plausible of another muscle without one."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := [muscle.value for muscle in GLUTEI if muscle not in self.root]:
            raise ValueError(f"no range for {', '.join(missing)}")
        return self

    def of(self, muscle: Muscle) -> Interval:
        """Of one muscle."""
        return self.root[muscle] if muscle in self.root or not muscle.optional else (0.0, math.inf)


class TrustSettings(SettingsBase):
    """How far a network's outline is trusted; `segmentation/trust.py`."""

    half_doubt: dict[Muscle, Annotated[float, Field(gt=0, le=1)]]
    steepness: Annotated[float, Field(gt=0, le=100)]
    outgrowth: Annotated[float, Field(ge=0, le=100)]
    least: Fraction

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := [muscle.value for muscle in GLUTEI if muscle not in self.half_doubt]:
            raise ValueError(f"no half_doubt for {', '.join(missing)}")
        return self


class ChecksSettings(SettingsBase):
    """When labels are taken for doubtful; `segmentation/checks.py`."""

    island_share: Annotated[float, Field(gt=0, le=1)]
    speck_ml: Annotated[float, Field(ge=0)]
    speck_share: Fraction
    note_removed_ml: Annotated[float, Field(ge=0)]
    piece_share: Fraction
    piece_gap_mm: Annotated[float, Field(ge=0)]
    max_stray_share: Fraction
    min_located_share: Fraction
    volume_ml: VolumeRanges
    min_voxels: Annotated[int, Field(ge=3)]
    min_in_order: Fraction
    min_side_ratio: Fraction
    trust: TrustSettings
    max_uncertainty: Fraction
    min_view: Fraction
    min_total_ml: Annotated[float, Field(ge=0)]
    min_hip_bone_ml: Annotated[float, Field(ge=0)]
    max_unlocated_muscles: Fraction
    max_mean_uncertainty: Fraction
    always_review: tuple[Muscle, ...]


DixonContrast = Literal["dixon_water", "dixon_in_phase", "dixon_opposed_phase", "dixon_fat", "fat_fraction"]


class LocatorSettings(SettingsBase):
    """The coarse look: which hips are in view, and where; `segmentation/locate.py`."""

    min_probability: Fraction
    min_volume_ml: Annotated[float, Field(ge=0)]
    min_piece_share: Fraction
    min_sides_apart_mm: Annotated[float, Field(ge=0)]
    min_side_share: Fraction
    outermost: Fraction
    largest_mm: tuple[float, float, float]
    margin_mm: Annotated[float, Field(ge=0)]
    above_crest_mm: Annotated[float, Field(ge=0)]
    max_voxels: Annotated[int, Field(ge=100_000)]


class ThinFatSettings(SettingsBase):
    """Thin fat made plainer before the fine look; `segmentation/thin_fat.py`."""

    times: Annotated[float, Field(ge=0, le=5)]
    width_mm: Annotated[float, Field(gt=0, le=20)]
    widest_pixel_mm: Annotated[float, Field(gt=0)]


class HipSettings(SettingsBase):
    """The fine look at one hip; `segmentation/hip.py`."""

    thin_fat: ThinFatSettings
    looks: Annotated[int, Field(ge=1, le=4)]
    views: Annotated[int, Field(ge=1, le=5)]
    max_voxels: Annotated[int, Field(ge=100_000)]


class SegmentationSettings(SettingsBase):
    """How the networks are used.

    Attributes:
        models: folder of the two bundles; None: the shipped ones.
        device: where they run, in torch's words; auto: the first CUDA device, the CPU where there is none (never mps).
        dixon_contrast: what is looked at where Dixon is measured, best first.
        locator, hip: of the two looks.
    """

    models: Path | None
    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d{1,2})?)$")]
    dixon_contrast: tuple[DixonContrast, ...]
    locator: LocatorSettings
    hip: HipSettings
