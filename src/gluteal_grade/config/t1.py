"""Settings of fat on T1, and of oedema on fluid-sensitive images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gluteal_grade.config.base import Fraction, Interval, SettingsBase


class BiasSettings(SettingsBase):
    """The smooth field model of `fat/bias.py`; widths and contrast are differences of log signal."""

    order: Annotated[int, Field(ge=1, le=6)]
    steps: Annotated[int, Field(ge=1)]
    width: Interval
    contrast: Annotated[float, Field(gt=0)]
    shell_mm: Annotated[float, Field(gt=0)]
    outermost_mm: Annotated[float, Field(gt=0)]
    sample_mm: Annotated[float, Field(gt=0)]
    stiffness: Annotated[float, Field(ge=0)]


class SideAnchorSettings(SettingsBase):
    """When a side of the body has anchors of its own, and when anchors are called weak; `fat/anchors.py`."""

    min_width_mm: Annotated[float, Field(gt=0)]
    min_fat_ml: Annotated[float, Field(ge=0)]
    min_lean_ml: Annotated[float, Field(ge=0)]
    max_difference: Fraction
    block_ml: Annotated[float, Field(gt=0)]
    max_drift: Fraction


class T1Settings(SettingsBase):
    """Bias correction and anchors on T1."""

    method: Literal["anchors", "gmm3", "kmeans3"]
    intermediate_ff: Fraction

    lean_reference_ff: Annotated[float, Field(ge=0, lt=0.5)]
    shell_mm: Interval
    outermost_mm: Annotated[float, Field(gt=0)]
    min_bright_outermost: Fraction
    min_fat_ml: Annotated[float, Field(gt=0)]
    lean_over_fat: Interval
    fat_above_top: Fraction
    min_lean_share: Fraction
    void_below_muscle: Fraction
    sides: SideAnchorSettings
    bias: BiasSettings


class RoughEstimateSettings(SettingsBase):
    """What differs from T1 on another contrast."""

    lean_over_fat: Interval


class OedemaSettings(SettingsBase):
    """When a voxel of a fat-suppressed image is called oedematous; `fat/oedema.py`."""

    lean_below_ff: Fraction
    min_lean_ml: Annotated[float, Field(gt=0)]
    above_ratio: Annotated[float, Field(gt=1)]
    above_sd: Annotated[float, Field(gt=0)]
    field_order: Annotated[int, Field(ge=0, le=4)]
    min_tr_ms: Annotated[float, Field(gt=0)]
    max_lean_spread: Fraction
