"""Which voxels beside metal are not measured, by how the series images near it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from gluteal_grade.config import MetalSettings
from gluteal_grade.geometry import FloatArray
from gluteal_grade.io import Series, is_wide_bandwidth
from gluteal_grade.metal.artifact import Artifact, Mask, near
from gluteal_grade.vocabulary import SeriesKind

Imaging = Literal["mars", "wide_spin_echo", "spin_echo", "gradient_echo", "ct"]

_HIGH_FIELD_T = 2.0
_DIXON = frozenset({SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT, SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE})


@dataclass(frozen=True)
class ZoneRule:
    """What is left out beside metal on one series.

    Attributes:
        imaging: how it images near metal.
        margin_mm: how far the zone reaches beyond what is visibly wrong.
        unseen_radius_mm: how far it reaches around joint and stem where nothing is visibly wrong.
    """

    imaging: Imaging
    margin_mm: float
    unseen_radius_mm: float


def zone_rule(series: Series, settings: MetalSettings) -> ZoneRule:
    """The rule for a series, from its headers."""
    imaging, tesla = imaging_of(series), series.acquisition.field_strength_t
    return ZoneRule(imaging, margin_mm(imaging, tesla, settings), unseen_radius_mm(imaging, tesla, settings))


def imaging_of(series: Series) -> Imaging:
    """How a series images near metal: what moves or kills its signal there."""
    facts = series.acquisition
    if series.kind is SeriesKind.CT:
        return "ct"
    if series.kind in _DIXON or series.kind is SeriesKind.FAT_FRACTION or ("GR" in facts.scanning_sequence and not series.mars):
        return "gradient_echo"
    if series.mars:
        return "mars"
    return "wide_spin_echo" if is_wide_bandwidth(facts.bandwidth_hz_per_pixel) else "spin_echo"


def margin_mm(imaging: Imaging, field_strength_t: float | None, settings: MetalSettings) -> float:
    """How far the zone reaches beyond what is visibly wrong."""
    return float(getattr(settings.margin_mm, imaging)) * _field_factor(imaging, field_strength_t, settings)


def unseen_radius_mm(imaging: Imaging, field_strength_t: float | None, settings: MetalSettings) -> float:
    """How far the zone reaches around joint and stem where nothing is visibly wrong."""
    return float(getattr(settings.unseen_radius_mm, imaging)) * _field_factor(imaging, field_strength_t, settings)


def _field_factor(imaging: Imaging, field_strength_t: float | None, settings: MetalSettings) -> float:
    return settings.high_field_factor if imaging != "ct" and (field_strength_t or 0) > _HIGH_FIELD_T else 1.0


def zone_around(artifact: Artifact, margin: float, spacing_mm: tuple[float, float, float]) -> Mask:
    """Void and pile-up with everything closer to them than `margin` mm."""
    wrong = artifact.core | artifact.pile_up
    if not wrong.any():
        return wrong
    box = near(wrong, margin, spacing_mm)
    zone = np.zeros(wrong.shape, bool)
    zone[box] = ndimage.distance_transform_edt(~wrong[box], sampling=spacing_mm) <= margin
    return zone


def zone_unseen(distance: FloatArray, radius: float) -> Mask:
    """Everything close to where joint and stem should be."""
    return np.asarray(distance <= radius)
