"""Oedema on STIR or fat-suppressed T2: which voxels of the labels' grid are brighter than lean muscle. No grade depends on it.

Lean muscle is known from the fat map: tissue of little fat, in all of the body in view, not in the glutei alone. Its mode is the
reference after its own smooth receive field is taken out; bright is what exceeds a multiple of it and lies outside its spread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from gluteal_grade.config import FatSettings, OedemaSettings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.bias import tissue_field
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.geometry import FloatArray, Grid, Volume
from gluteal_grade.imaging import Mask, median_in_plane, modal_value, of_images
from gluteal_grade.io import Series, in_space_of

_SD_OVER_MAD = 1.4826


@dataclass(frozen=True)
class OedemaMap:
    """Where a fat-suppressed series is bright.

    Attributes:
        volume: on the labels' grid, 1 bright, 0 not, NaN without a value (outside the series, or no fat value there: void, metal).
        series: what it was read from.
        facts: reference signal, spread and threshold.
    """

    volume: Volume
    series: Series
    facts: dict[str, float] = field(default_factory=dict)


def oedema_map(
    suppressed: Iterable[Series], fat: FatMap, reference: Series, settings: FatSettings
) -> tuple[OedemaMap | None, tuple[Note, ...]]:
    """The map from the first fat-suppressed series that gives one, and why others do not.

    Args:
        suppressed: fat-suppressed series; none of them gives no map and no note.
        fat: on the labels' grid.
        reference: the series that the labels lie on, for its frame of reference.
        settings: thresholds.

    Raises:
        TransientFailure: a file could not be read.
    """
    notes: list[Note] = []
    for series in suppressed:
        try:
            _check_contrast(series, settings.oedema)
            _check_space(series, fat.volume.grid, reference)
            return _read(series, fat, settings), tuple(notes)
        except RefusedInput as error:
            notes.append(Note(Reason.OEDEMA_NOT_MEASURED, f"series {series.id}: {error.detail or error.reason}"))
    return None, tuple(notes)


def _check_contrast(series: Series, settings: OedemaSettings) -> None:
    facts = series.acquisition
    if facts.contrast_agent:
        raise RefusedInput(Reason.CONTRAST_AGENT, "after a contrast agent brightness is enhancement, not oedema")
    if facts.ti_ms is None and facts.tr_ms is not None and facts.tr_ms < settings.min_tr_ms:
        raise RefusedInput(Reason.OEDEMA_NOT_MEASURED, f"TR {facts.tr_ms:.0f} ms without inversion: T1-weighted, fluid is dark")


def _check_space(series: Series, grid: Grid, reference: Series) -> None:
    if not in_space_of(series, grid, reference):
        raise RefusedInput(Reason.GRID_MISMATCH, f"no frame of reference shared with the labels' series {reference.id}")


def _read(series: Series, fat: FatMap, settings: FatSettings) -> OedemaMap:
    rules = settings.oedema
    image = series.load()
    grid = fat.volume.grid
    there = _calm_on(image, series.slice_axis, grid.shape, grid.affine.tobytes())
    seen = _seen_on(image, grid.shape, grid.affine.tobytes())
    known = seen & fat.body.array & np.isfinite(fat.volume.array)
    lean = known & (fat.volume.array < rules.lean_below_ff)
    lean_ml = float(np.count_nonzero(lean)) * grid.voxel_volume_ml
    if lean_ml < rules.min_lean_ml:
        raise RefusedInput(Reason.OEDEMA_NOT_MEASURED, f"{lean_ml:.0f} ml of lean tissue in view, {rules.min_lean_ml:g} needed")
    flat = np.asarray(there.array / tissue_field(there, lean, rules.field_order, settings.t1.bias), np.float32)
    mode, spread = _peak(flat[lean])
    if not mode > 0 or spread > rules.max_lean_spread * mode:
        raise RefusedInput(
            Reason.OEDEMA_NOT_MEASURED, f"lean muscle has no common signal (spread {spread / max(mode, 1e-9):.0%} of its mode)"
        )
    threshold = max(rules.above_ratio * mode, mode + rules.above_sd * spread)
    bright = np.where(known, flat > threshold, np.nan).astype(np.float32)
    facts = {"lean_mode": mode, "lean_sd": spread, "threshold": threshold, "threshold_over_lean": threshold / mode, "lean_ml": lean_ml}
    return OedemaMap(fat.volume.with_array(bright), series, facts)


@of_images
def _calm_on(image: Volume, slice_axis: int, shape: tuple[int, int, int], affine: bytes) -> Volume:
    """The image on a grid, after a median in its own plane: single bright voxels are noise or vessels."""
    calm = image.with_array(median_in_plane(np.asarray(image.array, np.float32), slice_axis))
    grid = _grid(shape, affine)
    return calm if image.grid.matches(grid) else calm.resampled(grid)


@of_images
def _seen_on(image: Volume, shape: tuple[int, int, int], affine: bytes) -> Mask:
    """Voxels of a grid that lie wholly within the image."""
    grid = _grid(shape, affine)
    if image.grid.matches(grid):
        return np.ones(shape, bool)
    return np.asarray(image.with_array(np.ones(image.shape, np.float32)).resampled(grid).array > 0.999)


def _grid(shape: tuple[int, int, int], affine: bytes) -> Grid:
    return Grid(shape, np.frombuffer(affine).reshape(4, 4))


def _peak(values: FloatArray) -> tuple[float, float]:
    """Mode, and the SD of the side below it: oedema and fluid widen only the other."""
    mode = modal_value(values)
    below = values[values < mode]
    return mode, _SD_OVER_MAD * float(np.median(mode - below)) if below.size else float("nan")


def bright_share(oedema: OedemaMap, mask: Mask, min_evaluable_share: float) -> float:
    """Share of a label's voxels with a value that are bright; NaN where too few of them have one."""
    values = oedema.volume.array[mask]
    known = np.isfinite(values)
    return float(values[known].mean()) if values.size and known.mean() >= min_evaluable_share else float("nan")
