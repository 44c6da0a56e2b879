"""Settings of the fat fraction, all methods."""

from __future__ import annotations

from gluteal_grade.config.base import Fraction, Interval, SettingsBase
from gluteal_grade.config.dixon import DixonSettings, InOpposedSettings, NoiseSettings, SwapSettings
from gluteal_grade.config.t1 import OedemaSettings, RoughEstimateSettings, T1Settings


class CtSettings(SettingsBase):
    """Hounsfield anchors and windows."""

    lean_anchor_hu: float
    fat_anchor_hu: float
    fat_hu: Interval
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
    in_opposed: InOpposedSettings
    ct: CtSettings
