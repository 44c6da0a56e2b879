"""Settings of a run, and where the shipped YAML and models lie."""

from gluteal_grade.config.base import SettingsBase
from gluteal_grade.config.dixon import DixonSettings, InOpposedSettings, NoiseSettings, RelaxationSettings, SwapSettings
from gluteal_grade.config.fat import CtSettings, FatSettings
from gluteal_grade.config.files import read_yaml, shipped, validated
from gluteal_grade.config.measure import (
    GradingSettings,
    LabelFactors,
    MeasureSettings,
    MethodErrors,
    RegionRule,
    RegionSettings,
    UncertaintySettings,
)
from gluteal_grade.config.metal import MetalArtifactSettings, MetalCtSettings, MetalPlaceSettings, MetalSettings
from gluteal_grade.config.report import ReportSettings
from gluteal_grade.config.segmentation import ChecksSettings, HipSettings, LocatorSettings, SegmentationSettings, VolumeRanges
from gluteal_grade.config.settings import METAL_SIDES, Settings, load_settings, with_absolute_paths, with_identity, with_metal_sides
from gluteal_grade.config.t1 import BiasSettings, OedemaSettings, RoughEstimateSettings, SideAnchorSettings, T1Settings

__all__ = [
    "METAL_SIDES",
    "BiasSettings",
    "ChecksSettings",
    "CtSettings",
    "DixonSettings",
    "FatSettings",
    "GradingSettings",
    "HipSettings",
    "InOpposedSettings",
    "LabelFactors",
    "LocatorSettings",
    "MeasureSettings",
    "MetalArtifactSettings",
    "MetalCtSettings",
    "MetalPlaceSettings",
    "MetalSettings",
    "MethodErrors",
    "NoiseSettings",
    "OedemaSettings",
    "RegionRule",
    "RegionSettings",
    "RelaxationSettings",
    "ReportSettings",
    "RoughEstimateSettings",
    "SegmentationSettings",
    "Settings",
    "SettingsBase",
    "SideAnchorSettings",
    "SwapSettings",
    "T1Settings",
    "UncertaintySettings",
    "VolumeRanges",
    "load_settings",
    "read_yaml",
    "shipped",
    "validated",
    "with_absolute_paths",
    "with_identity",
    "with_metal_sides",
]
