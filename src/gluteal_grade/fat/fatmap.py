"""The value every fat method returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gluteal_grade.errors import Note, Reason
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.imaging import Mask
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method


@dataclass(frozen=True)
class Spread:
    """How wrong the fat fraction may be, as standard deviations of it (0-1); `uncertainty` makes intervals of them.

    Attributes:
        offset_sd: an error that all voxels share and that does not grow with fat: a shifted lean anchor, a noise floor.
        gain_sd: an error relative to the fat fraction: the fat anchor, T1 and T2* weighting.
        noise_sd: an error of each voxel on its own.
        fat_scale: how many times too bright the fat image may be against water; 1 where nothing speaks for it.
    """

    offset_sd: float = 0.0
    gain_sd: float = 0.0
    noise_sd: float = 0.0
    fat_scale: float = 1.0


@dataclass(frozen=True)
class Excluded:
    """A region without values, and why: metal, exchanged water and fat.

    Attributes:
        where: boolean mask on the map's grid.
        reason: the code.
    """

    where: Volume
    reason: Reason


@dataclass(frozen=True)
class FatMap:
    """Voxelwise fat signal fraction.

    Attributes:
        volume: float32 RAS+; 0-1 on CT and vendors' maps. On Dixon and T1 it is left unclipped, so noise around lean muscle does not
            bias means (values slightly below 0 and above 1 occur). NaN where nothing can be said (air, void, metal).
        method: how.
        series: the series used, in the order the method names them.
        image: what a reader looks at behind the map, same grid (water, T1, CT...).
        body: boolean mask of the body, same grid; all True where it cannot be told from air.
        facts: numbers behind the map (anchors, thresholds), for the result file.
        notes: limits that the reader should know.
        folded: the value may be the water fraction instead; nothing may be graded from it.
        ct_lean: CT only: boolean mask of voxels in the lean-muscle HU window.
        ct_fat: CT only: boolean mask of voxels in the fat HU window.
        spread: how wrong the values may be.
        excluded: regions left out on purpose; their voxels are NaN.
    """

    volume: Volume
    method: Method
    series: tuple[Series, ...]
    image: Volume
    body: Volume
    facts: dict[str, float] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    folded: bool = False
    ct_lean: Volume | None = None
    ct_fat: Volume | None = None
    spread: Spread = Spread()
    excluded: tuple[Excluded, ...] = ()

    def without(self, where: Mask, reason: Reason, *notes: Note) -> FatMap:
        """The map with no values in a region, which `measure` gives as the reason for a muscle that lies mostly in it.

        Args:
            where: boolean, same shape.
            reason: why.
            notes: what the reader should know about it.
        """
        if not where.any():
            return replace(self, notes=(*self.notes, *notes))
        values = self.volume.with_array(np.where(where, np.float32(np.nan), self.volume.array))
        region = Excluded(self.volume.with_array(np.asarray(where, bool)), reason)
        return replace(self, volume=values, excluded=(*self.excluded, region), notes=(*self.notes, *notes))

    def on(self, grid: Grid) -> FatMap:
        """The same map on another grid of the same patient space; itself where it already lies there."""
        if self.volume.grid.matches(grid):
            return self
        valid = self.volume.with_array(np.isfinite(self.volume.array).astype(np.float32)).resampled(grid)
        values = self.volume.with_array(np.nan_to_num(self.volume.array)).resampled(grid)
        # weighting by validity keeps undefined neighbours from pulling border voxels towards zero
        fraction = np.divide(values.array, valid.array, out=np.full(grid.shape, np.nan, np.float32), where=valid.array > 0.5)
        names = ", ".join(s.id for s in self.series)
        return replace(
            self,
            volume=Volume(fraction, grid.affine),
            image=self.image.resampled(grid),
            body=_mask_on(self.body, grid),
            notes=(*self.notes, Note(Reason.RESAMPLED, f"the fat map of series {names} was resampled to the grid of the labels")),
            ct_lean=self.ct_lean and _mask_on(self.ct_lean, grid),
            ct_fat=self.ct_fat and _mask_on(self.ct_fat, grid),
            excluded=tuple(replace(e, where=_mask_on(e.where, grid)) for e in self.excluded),
        )


def _mask_on(mask: Volume, grid: Grid) -> Volume:
    there = mask.with_array(mask.array.astype(np.uint8)).resampled(grid, labels=True)
    return there.with_array(there.array.astype(bool))
