"""Labels and a fat map in, per-muscle numbers out."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from gluteal_grade.config import MeasureSettings
from gluteal_grade.errors import Reason
from gluteal_grade.fat import FatMap, OedemaMap, bright_share
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.imaging import Box, Coverage, Key, boxes_of, views_of
from gluteal_grade.measurement.core import REACH_MM, Core, core_of
from gluteal_grade.measurement.fat_beyond import fat_beyond, without_fat_beyond
from gluteal_grade.measurement.interval import Interval, Uncertainty
from gluteal_grade.vocabulary import GLUTEI, LABEL_VALUES, REGIONS, Muscle, Part, Region, Side, label_value

Mask = npt.NDArray[np.bool_]
NAN = math.nan
NOT_SEEN = Coverage(NAN, ())
UNKNOWN = Interval()


@dataclass(frozen=True)
class Slice:
    """One slice of a muscle: its index in the RAS+ volume, its place along the slice normal, area and fat, that of the core too."""

    index: int
    position_mm: float
    area_cm2: float
    fat_fraction: float
    fat_fraction_core: float


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What is measured of one muscle or region, under the names that it bears in result.json; NaN where it could not be measured.

    Attributes:
        volume_ml: label volume in view.
        lean_volume_ml: volume x (1 - mean fat fraction): the sum of (1 - FF) over voxels, voxels without a value counted as average.
        fat_fraction: mean FF of voxels with a value; `median`, `q1`, `q3` their quartiles.
        fat_area_fraction: share of those voxels above the FF threshold (CT: inside the fat HU window).
        ct_lean_share: CT only: share of the label's voxels inside the lean HU window (functional muscle).
        evaluable_share: share of the label's voxels with a value.
        oedema_share: share of them that a fat-suppressed series shows brighter than lean muscle; no grade depends on it.
        fat_fraction_core: fat of the muscle itself: mean over the voxels surely inside, mixing with the surroundings undone (`core.py`).
        lean_volume_core_ml: volume x (1 - fat_fraction_core).
        fat_area_fraction_core: `fat_area_fraction` of the sure voxels.
        core_share: share of the label's voxels that are sure.
    """

    volume_ml: float = NAN
    lean_volume_ml: float = NAN
    fat_fraction: float = NAN
    fat_fraction_median: float = NAN
    fat_fraction_q1: float = NAN
    fat_fraction_q3: float = NAN
    fat_area_fraction: float = NAN
    ct_lean_share: float = NAN
    evaluable_share: float = NAN
    oedema_share: float = NAN
    fat_fraction_core: float = NAN
    lean_volume_core_ml: float = NAN
    fat_area_fraction_core: float = NAN
    core_share: float = NAN

    def numbers(self) -> dict[str, float]:
        """By name."""
        return {f.name: getattr(self, f.name) for f in fields(Numbers)}


@dataclass(frozen=True)
class Measurement(Numbers):
    """Numbers of one part, and what belongs to them.

    Attributes:
        part: muscle, region, side.
        interval: where the muscle's true fat fraction lies, seen from the label's mean; NaN where none was asked for.
        core_interval: the same seen from `fat_fraction_core`.
        fat_beyond: share of the voxels inside a network's outline that are plain fat which goes on outside: not in the core value.
        no_core: why there is no core value though there is a mean; empty otherwise.
        coverage: how much of the muscle is in view (that of the whole muscle, for a region too).
        profile: slices along the normal, first to last.
        reason: why numbers are missing (fractions NaN), or `out_of_view` for a muscle measured in part; None if whole.
        detail: what exactly.
    """

    part: Part
    reason: Reason | None = None
    detail: str = ""
    interval: Interval = UNKNOWN
    core_interval: Interval = UNKNOWN
    fat_beyond: float = 0.0
    no_core: str = ""
    coverage: Coverage = NOT_SEEN
    profile: tuple[Slice, ...] = ()

    @property
    def ct_non_functional_share(self) -> float:
        """CT only: share of the label outside the lean HU window."""
        return 1 - self.ct_lean_share

    @property
    def largest_section(self) -> Slice | None:
        """The slice with the largest area."""
        return max(self.profile, key=lambda s: s.area_cm2, default=None)


def measure(
    labels: Volume,
    fat: FatMap | Mapping[Side, FatMap],
    slice_axis: int,
    settings: MeasureSettings,
    views: Mapping[Key, Coverage] | None = None,
    uncertainty: Uncertainty | None = None,
    *,
    tells: Collection[Muscle] = (),
) -> tuple[Measurement, ...]:
    """Every muscle of both sides, and every region the labels tell apart.

    Args:
        labels: our own values, RAS+.
        fat: on the same grid; one map, or one for each side.
        slice_axis: array axis across the slices.
        settings: thresholds.
        views: `coverage.views_of` these labels on the fat map's image, where known already.
        uncertainty: makes the intervals; without it there are none.
        tells: muscles beside the glutei that the labels' source tells apart.

    Returns:
        right before left, in the order of `Muscle`; the whole muscle before its regions. A muscle without a label is there too, with its
        reason, but for one that the source of the labels cannot tell.
    """
    places = _Places(labels)
    present = {LABEL_VALUES[value] for value in places.boxes}
    told = {*GLUTEI, *tells, *(part.muscle for part in present)}
    maps = dict.fromkeys(Side, fat) if isinstance(fat, FatMap) else fat
    if views is None:
        views = views_of(labels, maps[Side.RIGHT].image, settings.min_view_area_mm2)
    found = []
    for side, side_fat in ((side, maps[side]) for side in Side):
        side_labelled = any(part.side is side for part in present if not part.muscle.optional)
        for muscle in (muscle for muscle in Muscle if muscle in told):
            whole = Part(muscle, Region.WHOLE, side)
            box = places.box(whole)
            if box is None:
                reason = Reason.NO_LABEL if side_labelled else Reason.SIDE_NOT_LABELLED
                found.append(Measurement(whole, reason, f"no label for the {whole}"))
                continue
            core, beyond = _core(places, whole, side_fat, slice_axis, settings, automatic=uncertainty is not None and uncertainty.automatic)
            doubt = uncertainty and uncertainty.of(muscle).cropped(box)
            there = _MuscleBox(box, _cropped(side_fat, box), side_fat.volume.grid, slice_axis, doubt, core, beyond)
            for part in (whole, *(Part(muscle, region, side) for region in REGIONS[muscle])):
                if part is whole or part in present:
                    mask = places.mask(part, box)
                    found.append(_measure_part(part, mask, views[muscle, side], there, settings))
    return tuple(found)


def with_oedema(
    measurements: tuple[Measurement, ...], labels: Volume, oedema: OedemaMap | None, settings: MeasureSettings
) -> tuple[Measurement, ...]:
    """The same with each part's oedema share; NaN without a map, or where too little of the part has a value in it."""
    if oedema is None:
        return measurements
    places, found = _Places(labels), []
    for m in measurements:
        box = places.box(m.part)
        if box is None:  # a side or muscle that is not labelled
            found.append(m)
            continue
        cut = replace(oedema, volume=_part_of(oedema.volume, box))
        found.append(replace(m, oedema_share=bright_share(cut, places.mask(m.part, box), settings.min_evaluable_share)))
    return tuple(found)


class _Places:
    """Where each part lies in a label map: everything is measured in a small box around it."""

    def __init__(self, labels: Volume) -> None:
        self._array = labels.array
        self.boxes = boxes_of(labels.array)

    def box(self, part: Part, around: tuple[int, int, int] = (1, 1, 1)) -> Box | None:
        """Around the part, with a voxel more at each side (or `around`, along each axis); None where it has no voxel."""
        found = [self.boxes[value] for value in _values(part) if value in self.boxes]
        if not found:
            return None
        x, y, z = (slice(max(0, min(b[a].start for b in found) - n), max(b[a].stop for b in found) + n) for a, n in enumerate(around))
        return x, y, z

    def mask(self, part: Part, box: Box) -> Mask:
        """The part's voxels in a box; of a whole muscle, those of its regions too."""
        return np.isin(self._array[box], _values(part))


def _values(part: Part) -> list[int]:
    regions = (Region.WHOLE, *REGIONS[part.muscle]) if part.region is Region.WHOLE else (part.region,)
    return [label_value(replace(part, region=region)) for region in regions]


@dataclass(frozen=True, eq=False)
class _MuscleBox:
    """What one muscle is measured on.

    Attributes:
        box: around the muscle, in the whole map.
        fat: the map cut to the box.
        grid: of the whole map.
        slice_axis: array axis across the slices.
        uncertainty: makes intervals, cut to the box; None for none.
        core: the muscle's own fat, in the box.
        beyond: share of it that `fat_beyond` left out.
    """

    box: Box
    fat: FatMap
    grid: Grid
    slice_axis: int
    uncertainty: Uncertainty | None
    core: Core
    beyond: float


def _core(places: _Places, whole: Part, fat: FatMap, slice_axis: int, settings: MeasureSettings, automatic: bool) -> tuple[Core, float]:
    """The muscle's own fat in the box that `places` gives for it, and the share that was plain fat going on outside."""
    grid = fat.volume.grid
    x, y, z = (math.ceil(REACH_MM / spacing) for spacing in grid.spacing_mm)
    wide, box = places.box(whole, (x, y, z)), places.box(whole)
    assert wide is not None
    assert box is not None
    thickness = fat.series[0].acquisition.slice_thickness_mm if fat.series else None
    mask, values = places.mask(whole, wide), fat.volume.array[wide]
    found, share = core_of(mask, values, grid.spacing_mm, slice_axis, settings.core, automatic, thickness), 0.0
    if automatic and whole.muscle in settings.core.fat_beyond.muscles:
        beyond = fat_beyond(mask, values, grid.spacing_mm, slice_axis, settings.core.fat_beyond)
        found, share = without_fat_beyond(found, beyond, settings.core.fat_beyond)
    i, j, k = (slice(b.start - w.start, b.stop - w.start) for b, w in zip(box, wide, strict=True))
    return found.cropped((i, j, k)), share


def _part_of(volume: Volume, box: Box) -> Volume:
    """Voxels of a box; their place in space is looked up on the grid that it was cut from."""
    return volume.with_array(volume.array[box])


def _cropped(fat: FatMap, box: Box) -> FatMap:
    return replace(
        fat,
        volume=_part_of(fat.volume, box),
        image=_part_of(fat.image, box),
        body=_part_of(fat.body, box),
        ct_lean=fat.ct_lean and _part_of(fat.ct_lean, box),
        ct_fat=fat.ct_fat and _part_of(fat.ct_fat, box),
        excluded=tuple(replace(e, where=_part_of(e.where, box)) for e in fat.excluded),
    )


def _measure_part(part: Part, mask: Mask, view: Coverage, there: _MuscleBox, settings: MeasureSettings) -> Measurement:
    fat = there.fat
    count = int(mask.sum())
    values = fat.volume.array[mask]
    values = values[np.isfinite(values)].astype(np.float64)
    seen = Measurement(
        part,
        volume_ml=count * fat.volume.grid.voxel_volume_ml,
        evaluable_share=values.size / count,
        ct_lean_share=float(fat.ct_lean.array[mask].mean()) if fat.ct_lean else NAN,
        coverage=view,
        profile=_profile(mask, there),
    )
    if count < settings.min_voxels:
        return replace(seen, reason=Reason.TOO_FEW_VOXELS, detail=f"{count} voxels, {settings.min_voxels} needed")
    if fat.folded:
        return replace(seen, reason=Reason.AMBIGUOUS_DOMINANCE, detail="fat above or below 50 % cannot be told apart")
    if not values.size:
        return replace(seen, reason=_why_left_out(mask, fat) or Reason.NO_FAT_VALUES, detail="no voxel of it has a fat value")
    if seen.evaluable_share < settings.min_evaluable_share:
        detail = f"{seen.evaluable_share:.0%} of it has a fat value, {settings.min_evaluable_share:.0%} needed"
        return replace(seen, reason=_why_left_out(mask, fat) or Reason.TOO_LITTLE_EVALUABLE, detail=detail)
    mean = float(values.mean())
    q1, median, q3 = (float(q) for q in np.percentile(values, [25, 50, 75]))
    if fat.ct_fat:
        mostly_fat = float(fat.ct_fat.array[mask & np.isfinite(fat.volume.array)].mean())
    else:
        mostly_fat = float((values > settings.fat_area_threshold).mean())
    cut = f"cut at the {', '.join(view.borders)} border; about {view.share:.0%} in view"
    return replace(
        _with_core(seen, mask, there, settings),
        reason=Reason.OUT_OF_VIEW if view.borders else None,
        detail=cut if view.borders else "",
        lean_volume_ml=seen.volume_ml * (1 - mean),
        fat_fraction=mean,
        fat_fraction_median=median,
        fat_fraction_q1=q1,
        fat_fraction_q3=q3,
        interval=there.uncertainty.interval(mask, fat, there.slice_axis) if there.uncertainty else UNKNOWN,
        fat_area_fraction=mostly_fat,
    )


def _with_core(seen: Measurement, mask: Mask, there: _MuscleBox, settings: MeasureSettings) -> Measurement:
    """The same with what the sure voxels of the part hold, or why there are none."""
    fat = there.fat
    sure = mask & np.isfinite(there.core.own)
    count = int(sure.sum())
    seen = replace(seen, core_share=count / int(mask.sum()))
    ml = count * fat.volume.grid.voxel_volume_ml
    if ml < settings.core.min_ml or count < settings.min_voxels // 5:
        return replace(seen, no_core=f"{ml:.2f} ml of it lie surely inside its outline, {settings.core.min_ml} needed")
    own = there.core.own[sure].astype(np.float64)
    mean = float(own.mean())
    mostly_fat = fat.ct_fat.array[sure] if fat.ct_fat else own > settings.fat_area_threshold
    return replace(
        seen,
        fat_fraction_core=mean,
        lean_volume_core_ml=seen.volume_ml * (1 - mean),
        fat_area_fraction_core=float(mostly_fat.mean()),
        fat_beyond=there.beyond if seen.part.region is Region.WHOLE else 0.0,
        core_interval=there.uncertainty.core_interval(mask, fat, there.core, there.slice_axis) if there.uncertainty else UNKNOWN,
    )


def _why_left_out(mask: Mask, fat: FatMap) -> Reason | None:
    """The reason of the excluded region that takes most of the part's missing voxels; None where most are missing by themselves."""
    missing = mask & ~np.isfinite(fat.volume.array)
    shares = {e.reason: int((missing & e.where.array).sum()) for e in fat.excluded}
    reason = max(shares, key=lambda r: shares[r], default=None)
    return reason if reason is not None and 2 * shares[reason] >= int(missing.sum()) else None


def _profile(mask: Mask, there: _MuscleBox) -> tuple[Slice, ...]:
    """Area and mean FF of every slice that holds the part."""
    grid, slice_axis = there.grid, there.slice_axis
    spacing = grid.spacing_mm[slice_axis]
    area_of_voxel_cm2 = grid.voxel_volume_ml / (spacing / 10)
    planes = np.moveaxis(mask, slice_axis, 0)
    values, own = (np.moveaxis(array, slice_axis, 0) for array in (there.fat.volume.array, there.core.own))
    # distance along the slice normal from patient space's origin: comparable between series of one study
    start = float(grid.direction(slice_axis) @ grid.to_world([0, 0, 0]))
    slices = []
    for index in np.flatnonzero(planes.any(axis=(1, 2))):
        area = float(planes[index].sum()) * area_of_voxel_cm2
        place = there.box[slice_axis].start + int(index)
        mean, core = (_mean(array[index][planes[index]]) for array in (values, own))
        slices.append(Slice(place, start + float(place) * spacing, area, mean, core))
    return tuple(slices)


def _mean(values: npt.NDArray[np.floating]) -> float:
    """Of the finite ones; NaN where there are none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else NAN
