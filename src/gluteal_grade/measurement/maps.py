"""Candidates tried in turn: the fat map of the first that can be measured where the labels are, and why others could not be."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from gluteal_grade.config import Settings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat import FatMap
from gluteal_grade.geometry import Grid
from gluteal_grade.imaging import held, once
from gluteal_grade.io import Series, in_space_of
from gluteal_grade.measurement.plan import Candidate, Plan
from gluteal_grade.segmentation import Segmentation


@dataclass(frozen=True)
class Maps:
    """What became of the candidates that were tried.

    Attributes:
        made: maps on the grid of the labels.
        refused: why the others could not be measured, in the order in which they were tried.
    """

    made: Mapping[Candidate, FatMap]
    refused: Mapping[Candidate, RefusedInput]

    def best(self, order: tuple[Candidate, ...]) -> Candidate:
        """The first of an order of the plan that could be measured."""
        return next(c for c in order if c in self.made)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Why candidates were passed over."""
        return tuple(Note(e.reason, e.detail) for e in self.refused.values())


def make_maps(plan: Plan, segmentation: Segmentation, settings: Settings) -> Maps:
    """A map for each order of the plan.

    Raises:
        RefusedInput: no candidate of an order can be measured; the refusal of the best one.
    """
    made: dict[Candidate, FatMap] = {}
    refused: dict[Candidate, RefusedInput] = {}
    for order in plan.orders:
        for candidate in _where_labels_are(order, segmentation.reference):
            if candidate not in made and candidate not in refused:
                try:
                    made[candidate] = _map_of(candidate, segmentation, settings)
                except RefusedInput as error:
                    refused[candidate] = error
            if candidate in made:
                break
        else:
            raise refused[_where_labels_are(order, segmentation.reference)[0]]
    return Maps(made, refused)


def _where_labels_are(order: tuple[Candidate, ...], reference: Series) -> tuple[Candidate, ...]:
    """Without candidates that show another part of the body than the labels, and without what was stitched of the labels' own station.

    All of them if none would be left.
    """
    here = tuple(c for c in order if reference.id not in (*c.series[0].apart, *c.series[0].stations))
    return here or order


def check_space(series: Series, segmentation: Segmentation) -> None:
    """Labels may be carried to another series only inside one DICOM frame of reference.

    Raises:
        RefusedInput: `grid_mismatch`.
    """
    reference = segmentation.reference
    if not in_space_of(series, segmentation.labels.grid, reference):
        raise RefusedInput(Reason.GRID_MISMATCH, f"series {series.id} does not share a frame of reference with the labels' {reference.id}")


def _map_of(candidate: Candidate, segmentation: Segmentation, settings: Settings) -> FatMap:
    labels = segmentation.labels
    check_space(candidate.series[0], segmentation)
    fat = _made(candidate, labels.grid, settings)
    finish = candidate.how.within_labels
    return finish(fat, labels, settings.fat) if finish else fat


def map_key(candidate: Candidate, grid: Grid) -> tuple[Hashable, ...]:
    """What a candidate's map on a grid is known by, within one study and its settings, before any label is looked at."""
    helper = candidate.helper and candidate.helper.id
    return candidate.method, tuple(s.id for s in candidate.series), helper, grid.shape, grid.affine.tobytes()


def _made(candidate: Candidate, grid: Grid, settings: Settings) -> FatMap:
    """A candidate's map on a grid, which no label has a say in."""

    def make() -> FatMap:
        fat = candidate.measure(settings).on(grid)
        for volume in (fat.volume, fat.image, fat.body):
            held(volume)
        return fat

    fat = once(("fat map", *map_key(candidate, grid)), make)
    mine = {series.id: series for series in (*candidate.series, *((candidate.helper,) if candidate.helper else ()))}
    return replace(fat, series=tuple(mine.get(series.id, series) for series in fat.series))
