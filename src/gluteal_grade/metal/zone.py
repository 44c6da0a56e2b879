"""Which voxels are not measured: beside metal, by how the series images near it, and those of a mask that the user drew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import ndimage

from gluteal_grade.config import MetalSettings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import FloatArray, Grid, Volume
from gluteal_grade.io import Series, is_wide_bandwidth, read_volume
from gluteal_grade.metal.artifact import Artifact, Mask, near
from gluteal_grade.vocabulary import SeriesKind

Imaging = Literal["mars", "wide_spin_echo", "spin_echo", "gradient_echo", "ct"]
_HIGH_FIELD_T = 2.0
_DIXON = frozenset(
    {
        SeriesKind.DIXON_WATER,
        SeriesKind.DIXON_FAT,
        SeriesKind.DIXON_IN_PHASE,
        SeriesKind.DIXON_OPPOSED_PHASE,
        SeriesKind.GRADIENT_ECHO,
    }
)


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
    """The rule for a series, from its headers.

    Examples:
        >>> import gluteal_grade as gg
        >>> t1 = gg.read_study("data/sample/tha_mars/dicom").series[0]
        >>> rule = zone_rule(t1, gg.load_settings().metal)
        >>> rule.imaging, rule.margin_mm
        ('mars', 9.0)
    """
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


def read_mask(path: Path) -> Volume:
    """Boolean RAS+ volume: True where the file is not 0.

    Raises:
        RefusedInput: `mask_unreadable`.
    """
    if not path.is_file():
        raise RefusedInput(Reason.MASK_UNREADABLE, "no file at the path given to --exclude")
    try:
        volume = read_volume(path).to_ras()
    except RefusedInput as error:
        raise RefusedInput(Reason.MASK_UNREADABLE, f"{error.reason.value}: {error.detail}") from error
    return volume.with_array(np.nan_to_num(volume.array) != 0)


def mask_on(mask: Volume, grid: Grid) -> Mask:
    """The mask on another grid of the same patient space, nearest voxel.

    Raises:
        RefusedInput: `mask_unreadable`: the two do not overlap, so the mask was drawn on something else.
    """
    corners = grid.to_voxel(mask.grid.corners_mm())
    if np.any(corners.max(axis=0) < 0) or np.any(corners.min(axis=0) > np.array(grid.shape) - 1):
        raise RefusedInput(Reason.MASK_UNREADABLE, "the mask lies outside the labelled image")
    there = mask.with_array(mask.array.astype(np.uint8)).resampled(grid, labels=True)
    return np.asarray(there.array > 0)
