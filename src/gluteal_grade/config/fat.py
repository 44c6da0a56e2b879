"""Settings of the fat fraction, all methods."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gluteal_grade.config.base import Fraction, Interval, SettingsBase


class SwapSettings(SettingsBase):
    """When water and fat are taken for exchanged; `fat/swap.py`."""

    min_air_border: Fraction
    shell_mm: Interval
    min_shell_voxels: Annotated[int, Field(ge=1)]
    core_depth: Fraction
    decided: Annotated[float, Field(gt=0, lt=1)]
    slice_weight: Annotated[float, Field(gt=0)]
    max_alike: Annotated[float, Field(ge=-0.5, le=0.5)]
    mirror_weight: Annotated[float, Field(ge=0)]
    block_mm: Annotated[float, Field(gt=0)]
    min_region_cm2: Annotated[float, Field(gt=0)]
    max_region_cut: Fraction
    region_margin_mm: Annotated[float, Field(ge=0)]
    min_polarity: Annotated[float, Field(ge=0)]
    min_agreed: Fraction
    min_view_cm2: Annotated[float, Field(ge=0)]
    midline_mm: Annotated[float, Field(ge=0)]


class NoiseSettings(SettingsBase):
    """What air and tissue must be like to tell the noise; `imaging/noise.py`."""

    air_margin_voxels: Annotated[int, Field(ge=1)]
    min_air_voxels: Annotated[int, Field(ge=10)]
    max_blanked: Fraction
    rayleigh_tolerance: Annotated[float, Field(gt=0)]
    bright: Fraction
    min_blocks: Annotated[int, Field(ge=1)]
    lag_growth: Annotated[float, Field(ge=1)]


class RelaxationSettings(SettingsBase):
    """Relaxation of lean muscle water and of fat at one field strength, ms."""

    field_t: Annotated[float, Field(gt=0)]
    water_t1_ms: Annotated[float, Field(gt=0)]
    fat_t1_ms: Annotated[float, Field(gt=0)]
    water_t2_star_ms: Annotated[float, Field(gt=0)]
    fat_t2_star_ms: Annotated[float, Field(gt=0)]


class DixonSettings(SettingsBase):
    """Scale and weighting of water and fat images."""

    correct_t1: bool
    gradient_echo_below_tr_ms: Annotated[float, Field(ge=0)]
    gradient_echo_longest_tr_ms: Annotated[float, Field(gt=0)]
    t1_sd: Fraction
    flip_sd: Fraction
    unknown_gain_sd: Fraction
    unknown_offset_sd: Fraction
    sigma_sd: Fraction
    air_over_tissue: Fraction
    max_scale_difference: Annotated[float, Field(gt=1)]
    same_scale: Annotated[float, Field(gt=1)]
    relaxation: Annotated[tuple[RelaxationSettings, ...], Field(min_length=1)]


class InOpposedSettings(SettingsBase):
    """When in-phase contrast may tell which side of 50 % a voxel is on."""

    max_lean_over_fat: Fraction
    undecided: Fraction


class FatPeak(SettingsBase):
    """One line of the spectrum of fat."""

    ppm: float
    share: Fraction


class MultiEchoSettings(SettingsBase):
    """Fitting water, fat and R2* to several echoes; `fat/multi_echo.py`."""

    peaks: tuple[FatPeak, ...]
    worst_precision: Annotated[float, Field(gt=0)]
    least_told_apart: Annotated[float, Field(gt=0)]
    most_residual: Annotated[float, Field(gt=0)]


class OutsideSettings(SettingsBase):
    """The second field, from tissue outside the labels; `fat/outside.py`. Widths are differences of log signal."""

    order: Annotated[int, Field(ge=1, le=8)]
    stiffness: Annotated[float, Field(ge=0)]
    width: Interval
    steps: Annotated[int, Field(ge=1)]
    near: Annotated[float, Field(gt=0)]
    min_voxels: Annotated[int, Field(ge=50)]


class BiasSettings(SettingsBase):
    """The smooth field model of `fat/bias.py`; widths and contrast are differences of log signal."""

    method: Literal["own", "n4", "none"]
    order: Annotated[int, Field(ge=1, le=6)]
    steps: Annotated[int, Field(ge=1)]
    width: Interval
    contrast: Annotated[float, Field(gt=0)]
    shell_mm: Annotated[float, Field(gt=0)]
    outermost_mm: Annotated[float, Field(gt=0)]
    sample_mm: Annotated[float, Field(gt=0)]
    stiffness: Annotated[float, Field(ge=0)]
    outside: OutsideSettings


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


class CtSettings(SettingsBase):
    """Hounsfield anchors and windows."""

    lean_anchor_hu: float
    fat_anchor_hu: float
    fat_hu: Interval
    skin_fat_hu: Interval
    lean_hu: Interval
    evaluable_hu: Interval


class FatSettings(SettingsBase):
    """Everything the fat methods need."""

    min_signal: Fraction
    noise: NoiseSettings
    dixon: DixonSettings
    swap: SwapSettings
    t1: T1Settings
    t2: RoughEstimateSettings
    pd: RoughEstimateSettings
    oedema: OedemaSettings
    multi_echo: MultiEchoSettings
    in_opposed: InOpposedSettings
    ct: CtSettings
