"""Settings of fat by Dixon: noise, weighting, exchanged images."""

from __future__ import annotations

from typing import Annotated

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
    mirror_weight: Annotated[float, Field(ge=0)]
    tile_mm: Annotated[float, Field(gt=0)]
    tile_weight: Annotated[float, Field(gt=0)]
    min_tile_voxels: Annotated[int, Field(ge=1)]
    trusted_skin: Annotated[float, Field(gt=0)]
    min_turned: Fraction
    min_tile_gain: Annotated[float, Field(gt=0)]
    min_tiles: Annotated[int, Field(ge=1)]
    region_margin_mm: Annotated[float, Field(ge=0)]
    min_polarity: Annotated[float, Field(ge=0)]
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
