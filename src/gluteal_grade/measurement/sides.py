"""Fat measured side by side: which series serves each hip, and what beside metal is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gluteal_grade.config import Settings
from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging import glutei_of
from gluteal_grade.io import Series
from gluteal_grade.measurement.maps import make_maps
from gluteal_grade.measurement.metal import find_metal
from gluteal_grade.measurement.plan import Candidate, Plan
from gluteal_grade.metal import Mask, SideMetal, mask_on
from gluteal_grade.segmentation import Segmentation
from gluteal_grade.vocabulary import LABEL_VALUES, Side


@dataclass(frozen=True)
class SideFat:
    """One side's measurement.

    Attributes:
        candidate: what it was measured with.
        fat: on the grid of the labels; NaN in the excluded zones. Sides measured alike share one map.
        metal: what is known of metal in this hip.
        zone_ml: volume that is left out beside the metal of this side.
        zone_reach_mm: how far that reaches, beyond what is visibly wrong or, where nothing is, from joint and stem.
    """

    candidate: Candidate
    fat: FatMap
    metal: SideMetal
    zone_ml: float = 0.0
    zone_reach_mm: float = 0.0


@dataclass(frozen=True)
class SideFats:
    """Both sides.

    Attributes:
        sides: by side.
        excluded: voxels left out on purpose, whatever the side.
        notes: limits that the reader should know, those of the maps included.
    """

    sides: Mapping[Side, SideFat]
    excluded: Mask = field(repr=False)
    notes: tuple[Note, ...]

    @property
    def main(self) -> SideFat:
        """The one to name first: of a side without metal, where there is one."""
        return min(self.sides.values(), key=lambda one: one.metal.present)

    @property
    def other(self) -> SideFat | None:
        """The one of the other side where it was measured otherwise."""
        return next((one for one in self.sides.values() if one.candidate is not self.main.candidate), None)

    def shown(self, reference: Series) -> FatMap:
        """The map whose picture goes behind the labels: of the series that they were drawn on, where it was measured."""
        return next((one.fat for one in self.sides.values() if reference in one.fat.series), self.main.fat)

    def without(self, where: Mask, reason: Reason, *notes: Note) -> SideFats:
        """The same with no values in a region; sides measured alike still share one map."""
        if not where.any():
            return self
        cut = {one.candidate: one.fat.without(where, reason) for one in self.sides.values()}
        sides = {side: replace(one, fat=cut[one.candidate]) for side, one in self.sides.items()}
        return SideFats(sides, self.excluded | where, (*self.notes, *notes))

    def maps(self) -> dict[Side, FatMap]:
        """Fat map of each side."""
        return {side: one.fat for side, one in self.sides.items()}


def measure_sides(plan: Plan, segmentation: Segmentation, settings: Settings) -> SideFats:
    """Each side with the best of its candidates that can be measured, without what metal or the user leaves out.

    Args:
        plan: orders of candidates, the user's mask.
        segmentation: the labels, and the series they are of.
        settings: all of them.

    Raises:
        RefusedInput: no candidate can be measured (the refusal of the best one); `mask_unreadable`.
    """
    labels = segmentation.labels
    own = mask_on(plan.exclude, labels.grid) if plan.exclude is not None else None
    maps = make_maps(plan, segmentation, settings)
    metal = find_metal(plan, maps, segmentation, settings.metal)
    chosen = {side: maps.best(plan.sides[side].candidates(metal=metal.sides[side].present)) for side in Side}
    nothing = np.zeros(labels.shape, bool)
    zones = {side: metal.zone(side, candidate, labels, settings.metal) for side, candidate in chosen.items()}
    masks = {side: nothing if zone is None else zone for side, (zone, _) in zones.items()}
    beside_metal = masks[Side.RIGHT] | masks[Side.LEFT]
    drawn = nothing if own is None else own
    # sides measured alike share one map, with the zones of both in it
    cut = {c: maps.made[c].without(beside_metal, Reason.BESIDE_METAL).without(drawn, Reason.EXCLUDED_BY_MASK) for c in chosen.values()}
    ml = labels.grid.voxel_volume_ml
    sides = {side: SideFat(c, cut[c], metal.sides[side], float(masks[side].sum()) * ml, zones[side][1]) for side, c in chosen.items()}
    by_mask = () if own is None else (Note(Reason.EXCLUDED_BY_MASK, f"{float(own.sum()) * ml:.1f} ml were left out by the user's mask"),)
    notes = (*maps.notes, *metal.notes, *by_mask, *_cautions(sides), *(note for fat in cut.values() for note in fat.notes))
    excluded = np.logical_or.reduce([nothing, *(e.where.array for fat in cut.values() for e in fat.excluded)])
    return SideFats(sides, excluded, notes)


def _cautions(sides: Mapping[Side, SideFat]) -> list[Note]:
    notes = [
        Note(Reason.METAL_UNVALIDATED, f"{side} hip: measured by {one.fat.method.replace('_', ' ')} beside metal")
        for side, one in sides.items()
        if one.metal.present and one.candidate.how.caution_beside_metal
    ]
    if len({one.candidate for one in sides.values()}) > 1:
        text = "; ".join(f"{side}: {one.candidate.why}, series {', '.join(s.id for s in one.fat.series)}" for side, one in sides.items())
        notes.append(Note(Reason.DIFFERENT_METHODS, text))
    return notes


def composite(sides: SideFats, labels: Volume) -> Volume:
    """One fat map of both sides; between the labels, the plane half-way between the sides' labels divides them."""
    main, other = sides.main, sides.other
    if other is None:
        return main.fat.volume
    side_of_other = next(side for side, one in sides.sides.items() if one is other)
    right = [v for v, part in LABEL_VALUES.items() if part.side is Side.RIGHT]
    is_right, gluteal = np.isin(labels.array, right), glutei_of(labels).array > 0
    middles = [labels.with_array(mask & gluteal).centroid_mm()[0] for mask in (is_right, ~is_right)]
    middle = float(np.nanmean(middles)) if np.isfinite(middles).all() else float(labels.grid.to_world(np.array(labels.shape) / 2)[0])
    i, j, k = np.ogrid[: labels.shape[0], : labels.shape[1], : labels.shape[2]]
    row = labels.affine[0]
    rightwards = row[0] * i + row[1] * j + row[2] * k + row[3] > middle
    rightwards = np.where(labels.array > 0, is_right, rightwards)
    of_other = rightwards if side_of_other is Side.RIGHT else ~rightwards
    return main.fat.volume.with_array(np.where(of_other, other.fat.volume.array, main.fat.volume.array))
