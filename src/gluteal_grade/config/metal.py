"""Settings of metal beside the hips."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gluteal_grade.config.base import Fraction, Millimetres, SequenceMillimetres, SettingsBase, Step


class MetalPlaceSettings(SettingsBase):
    """Where an implant would lie, from the labels; `metal/_joint.py`. Steps: outwards, to the front, up, mm."""

    from_minimus_mm: Step
    from_medius_mm: Step
    stem_mm: Step


class MetalArtifactSettings(SettingsBase):
    """When a dark spot at the hip is metal; `metal/artifact.py`."""

    reach_mm: Millimetres
    reference_mm: Annotated[float, Field(gt=0)]
    tissue_above: Fraction
    void_below_floor: Annotated[float, Field(ge=1)]
    void_at_most: Fraction
    smooth_mm: Millimetres
    void_below: Fraction
    core_radius_mm: Millimetres
    min_radius_mm: Millimetres
    min_void_ml: Annotated[float, Field(ge=0)]
    min_pile_up_ml: Annotated[float, Field(ge=0)]
    sure_radius_mm: Millimetres
    pile_up_above: Annotated[float, Field(gt=1)]
    pile_up_within_mm: Millimetres


class MetalCtSettings(SettingsBase):
    """When bright voxels on CT are metal; `metal/ct.py`."""

    metal_hu: float
    min_ml: Annotated[float, Field(ge=0)]


class MetalSettings(SettingsBase):
    """Hip implants; `metal/`."""

    sides: Literal["auto", "none", "right", "left", "both"]
    own_zone: bool
    place: MetalPlaceSettings
    artifact: MetalArtifactSettings
    ct: MetalCtSettings
    margin_mm: SequenceMillimetres
    unseen_radius_mm: SequenceMillimetres
    high_field_factor: Annotated[float, Field(ge=1)]
