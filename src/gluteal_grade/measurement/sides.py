"""Fat measured side by side: which series serves each hip, and what beside metal is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gluteal_grade.config import Settings
from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.fat.choose import Candidate, for_side
from gluteal_grade.fat.clusters import clustered_by_muscle
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.geometry import Volume
from gluteal_grade.io.sequences import shipped_rules
from gluteal_grade.io.study import Series, Study
from gluteal_grade.metal.artifact import Mask
from gluteal_grade.metal.find import SideMetal, Sight, look, notes_on, weigh, zone_of
from gluteal_grade.metal.mask import mask_on
from gluteal_grade.metal.protocol import HeaderEvidence, header_evidence
from gluteal_grade.metal.zone import imaging_of
from gluteal_grade.segmentation.protocol import Segmentation
from gluteal_grade.vocabulary import LABEL_VALUES, Method, Side

_NOT_BESIDE_METAL = frozenset({Method.DIXON, Method.FAT_FRACTION_MAP, Method.IN_OPPOSED_PHASE})


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

    def maps(self) -> dict[Side, FatMap]:
        """Fat map of each side."""
        return {side: one.fat for side, one in self.sides.items()}


def wide_hz_per_pixel() -> float:
    """Receiver bandwidth from which a spin echo is called wide."""
    return shipped_rules().mars.supporting_bandwidth_hz_per_pixel


def labelling_order(study: Study, choice: tuple[Candidate, ...], settings: Settings) -> tuple[Candidate, ...]:
    """Candidates in the order in which labels would like to be drawn on them: where metal is likely, on what shows it least."""
    sides = settings.metal.sides
    likely = header_evidence(study, wide_hz_per_pixel()).likely if sides == "auto" else sides != "none"
    return for_side(choice, beside_metal=likely, wide_hz_per_pixel=wide_hz_per_pixel())


def measure_sides(
    study: Study, choice: tuple[Candidate, ...], segmentation: Segmentation, settings: Settings, exclude: Volume | None
) -> SideFats:
    """The best series for each side that can be measured where the labels are.

    Args:
        study: for its headers.
        choice: all ways to measure.
        segmentation: labels.
        settings: all of them.
        exclude: the user's mask, boolean, any grid.

    Raises:
        RefusedInput: no candidate can be measured (the refusal of the best one); `mask_unreadable`.
    """
    own = mask_on(exclude, segmentation.labels.grid) if exclude is not None else None
    maps = _Maps(segmentation, settings)
    header = header_evidence(study, wide_hz_per_pixel())
    elsewhere = for_side(choice, beside_metal=False, wide_hz_per_pixel=wide_hz_per_pixel())
    beside = for_side(choice, beside_metal=True, wide_hz_per_pixel=wide_hz_per_pixel())
    metal = weigh(header, maps.sights(elsewhere, beside), settings.metal)
    chosen = {side: maps.first(beside if metal[side].present else elsewhere) for side in Side}
    return _put_together(chosen, metal, header, maps, own, settings)


def _put_together(
    chosen: dict[Side, Candidate],
    metal: dict[Side, SideMetal],
    header: HeaderEvidence,
    maps: _Maps,
    own: Mask | None,
    settings: Settings,
) -> SideFats:
    labels = maps.segmentation.labels
    nothing = np.zeros(labels.shape, bool)
    zones: dict[Side, tuple[Mask, float]] = dict.fromkeys(Side, (nothing, 0.0))
    for side, candidate in chosen.items():
        if metal[side].present and settings.metal.own_zone:
            zone, reach = zone_of(side, maps.sight(candidate), labels, settings.metal)
            zones[side] = (nothing if zone is None else zone, reach)
    drawn = nothing if own is None else own
    beside_metal = zones[Side.RIGHT][0] | zones[Side.LEFT][0]
    # sides measured alike share one map, with the zones of both in it
    masked = {
        id(c): maps.measured(c).without(beside_metal, Reason.BESIDE_METAL).without(drawn, Reason.EXCLUDED_BY_MASK) for c in chosen.values()
    }
    ml = labels.grid.voxel_volume_ml
    sides = {side: SideFat(c, masked[id(c)], metal[side], float(zones[side][0].sum()) * ml, zones[side][1]) for side, c in chosen.items()}
    notes = [*maps.passed_over, *notes_on(metal, header, settings.metal)]
    if own is not None:
        notes.append(Note(Reason.EXCLUDED_BY_MASK, f"{float(own.sum()) * ml:.1f} ml were left out by the user's mask"))
    for side, one in sides.items():
        if metal[side].present and one.fat.method in _NOT_BESIDE_METAL:
            notes.append(Note(Reason.METAL_UNVALIDATED, f"{side} hip: measured by {one.fat.method.replace('_', ' ')} beside metal"))
    if len(masked) > 1:
        text = "; ".join(f"{side}: {one.candidate.why}, series {', '.join(s.id for s in one.fat.series)}" for side, one in sides.items())
        notes.append(Note(Reason.DIFFERENT_METHODS, text))
    notes += [note for fat in masked.values() for note in fat.notes]
    excluded = np.logical_or.reduce([nothing, *(e.where.array for fat in masked.values() for e in fat.excluded)])
    return SideFats(sides, excluded, tuple(notes))


class _Maps:
    """Fat maps and looks for metal, each made once, when first asked for."""

    def __init__(self, segmentation: Segmentation, settings: Settings) -> None:
        self.segmentation, self.settings = segmentation, settings
        self._maps: dict[int, FatMap | RefusedInput] = {}
        self._sights: dict[int, Sight] = {}

    @property
    def passed_over(self) -> tuple[Note, ...]:
        """Why candidates could not be measured."""
        return tuple(Note(e.reason, e.detail) for e in self._maps.values() if isinstance(e, RefusedInput))

    def first(self, order: tuple[Candidate, ...]) -> Candidate:
        """The first that can be measured.

        Raises:
            RefusedInput: none can; the refusal of the best one.
        """
        for candidate in order:
            if not isinstance(self._try(candidate), RefusedInput):
                return candidate
        refusal = self._try(order[0])
        assert isinstance(refusal, RefusedInput)
        raise refusal

    def measured(self, candidate: Candidate) -> FatMap:
        """Its map, which `first` has made."""
        fat = self._try(candidate)
        if isinstance(fat, RefusedInput):
            raise fat
        return fat

    def sights(self, *orders: tuple[Candidate, ...]) -> list[Sight]:
        """Looks at the best of each order, and at a T1 that is in neither: sequences that differ in how metal shows.

        A spin echo piles signal up where a noisy gradient echo has a void that is no darker than its noise.
        """
        found = {id(c): c for c in map(self.first, orders)}
        sights = [self.sight(c) for c in found.values()]
        if any(c.method is Method.T1 for c in found.values()):
            return sights
        t1 = next((c.series[0] for order in orders for c in order if c.method is Method.T1), None)
        return sights if t1 is None else [*sights, *self._unmeasured(t1)]

    def sight(self, candidate: Candidate) -> Sight:
        """What the candidate's picture shows of metal."""
        if id(candidate) not in self._sights:
            fat, series = self.measured(candidate), candidate.series[0]
            body = None if fat.body.array.all() else fat.body.array
            self._sights[id(candidate)] = self._look(_picture(fat), body, series)
        return self._sights[id(candidate)]

    def _unmeasured(self, series: Series) -> tuple[Sight, ...]:
        """A look at a series whose fat nobody asks for; none where it cannot be read or lies elsewhere."""
        try:
            _check_space(series, self.segmentation)
            picture = series.load().resampled(self.segmentation.labels.grid)
        except RefusedInput:
            return ()
        return (self._look(picture, None, series),)

    def _look(self, picture: Volume | None, body: Mask | None, series: Series) -> Sight:
        imaging, tesla = imaging_of(series, wide_hz_per_pixel()), series.acquisition.field_strength_t
        return look(picture, body, series.id, imaging, tesla, self.segmentation.labels, self.settings.metal)

    def _try(self, candidate: Candidate) -> FatMap | RefusedInput:
        if id(candidate) not in self._maps:
            labels = self.segmentation.labels
            try:
                _check_space(candidate.series[0], self.segmentation)
                fat = candidate.measure(self.settings.fat).on(labels.grid)
                self._maps[id(candidate)] = clustered_by_muscle(fat, labels, self.settings.fat.t1)
            except RefusedInput as error:
                self._maps[id(candidate)] = error
        return self._maps[id(candidate)]


def _picture(fat: FatMap) -> Volume | None:
    """A magnitude in which all tissue is seen: of a Dixon pair, water and fat together, as fat is dark on water alone.

    A fat-fraction map without an in-phase image beside it has none: lean muscle is black on it.
    """
    if fat.method is Method.FAT_FRACTION_MAP and fat.body.array.all():
        return None
    if fat.method is not Method.DIXON:
        return fat.image
    second = fat.series[1].load().resampled(fat.image.grid)
    return fat.image.with_array(fat.image.array + np.maximum(second.array, 0))


def composite(sides: SideFats, labels: Volume) -> Volume:
    """One fat map of both sides; between the labels, the plane half-way between the sides' labels divides them."""
    main, other = sides.main, sides.other
    if other is None:
        return main.fat.volume
    side_of_other = next(side for side, one in sides.sides.items() if one is other)
    right = [v for v, part in LABEL_VALUES.items() if part.side is Side.RIGHT]
    is_right = np.isin(labels.array, right)
    middles = [labels.with_array(mask).centroid_mm()[0] for mask in (is_right, (labels.array > 0) & ~is_right)]
    middle = float(np.nanmean(middles)) if np.isfinite(middles).all() else float(labels.grid.to_world(np.array(labels.shape) / 2)[0])
    i, j, k = np.ogrid[: labels.shape[0], : labels.shape[1], : labels.shape[2]]
    row = labels.affine[0]
    rightwards = row[0] * i + row[1] * j + row[2] * k + row[3] > middle
    rightwards = np.where(labels.array > 0, is_right, rightwards)
    of_other = rightwards if side_of_other is Side.RIGHT else ~rightwards
    return main.fat.volume.with_array(np.where(of_other, other.fat.volume.array, main.fat.volume.array))


def _check_space(series: Series, segmentation: Segmentation) -> None:
    """Labels may be carried to another series only inside one DICOM frame of reference."""
    reference = segmentation.reference
    same_grid = series.grid is not None and series.grid.matches(segmentation.labels.grid)
    same_frame = series.frame_of_reference is not None and series.frame_of_reference == reference.frame_of_reference
    if not (same_grid or same_frame):
        raise RefusedInput(Reason.GRID_MISMATCH, f"series {series.id} does not share a frame of reference with the labels' {reference.id}")
