"""Stations of one examination put together on one grid, when their voxels are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gluteal_grade.errors import Note, Reason, RefusedInput
from gluteal_grade.geometry import FloatArray, Grid, Volume
from gluteal_grade.imaging import Likeness, likeness_of, offset_of, ramp
from gluteal_grade.io.meeting import box_in, common_grid, part_of
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind

_LEAST_CORRELATION = 0.9
_LARGEST_GAIN = 6.0
_UNEQUAL = 1.15  # water and fat of one station have one factor; where each has its own, no fat fraction would be the same above and below
_PAIRS = (
    (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT),
    (SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE),
)
Slab = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Run:
    """Stations that are put together.

    Attributes:
        stations: lowest first; of each the same contrasts in the same order.
    """

    stations: tuple[tuple[Series, ...], ...]

    @cached_property
    def grid(self) -> Grid:
        """The grid of what is put together."""
        return common_grid([_grid(station[0]) for station in self.stations])

    @cached_property
    def slabs(self) -> tuple[Slab, ...]:
        """For each station its voxels of the grid."""
        return tuple(box_in(_grid(station[0]), self.grid) for station in self.stations)

    @cached_property
    def gains(self) -> tuple[float, ...]:
        """How much brighter each station is than the lowest.

        Raises:
            RefusedInput: `stations_apart`: two neighbours show different things at one place; or a station cannot be read.
            TransientFailure: `read_failed`.
        """
        gains = [1.0]
        contrasts = self._compared()
        for number in range(len(self.stations) - 1):
            found = self._likeness(number, contrasts)
            names = f"{self.stations[number][0].id} and {self.stations[number + 1][0].id}"
            if not found.correlation >= _LEAST_CORRELATION:  # NaN too
                told = "too little is seen there" if np.isnan(found.correlation) else f"correlation {found.correlation:.2f}"
                raise RefusedInput(Reason.STATIONS_APART, f"stations {names} do not show the same where they meet ({told}): not stitched")
            if not 1 / _LARGEST_GAIN <= found.gain <= _LARGEST_GAIN:
                raise RefusedInput(Reason.STATIONS_APART, f"stations {names} differ in brightness {found.gain:.3g} times: not stitched")
            each = [self._likeness(number, [one]).gain for one in contrasts]
            if max(each) > _UNEQUAL * min(each):
                told = ", ".join(f"{gain:.3g}" for gain in each)
                raise RefusedInput(Reason.STATIONS_APART, f"contrasts of stations {names} are scaled each by itself ({told}): not stitched")
            gains.append(gains[-1] * (1.0 if self._is_fraction(contrasts[0]) else found.gain))
        return tuple(gains)

    def offsets(self, contrast: int) -> tuple[float, ...]:
        """What each station adds to all values of a contrast, in its own units: told by its neighbour, which does not.

        Raises:
            RefusedInput, TransientFailure: as `gains`.
        """
        offsets = [0.0] * len(self.stations)
        if self._is_fraction(contrast):
            return tuple(offsets)
        for number, (lower, upper) in enumerate(self._meetings(contrast)):
            gain = self.gains[number + 1] / self.gains[number]
            found = offset_of(lower, upper, gain)
            # magnitudes begin at 0: the station whose darkest voxels lie further from it has the offset
            if found and abs(_darkest(upper)) / gain > abs(_darkest(lower)):
                offsets[number + 1] = found
            elif found and not offsets[number]:
                offsets[number] = -found / gain
        return tuple(offsets)

    def put_together(self, contrast: int) -> Volume:
        """One contrast of all stations, in the units of the lowest; overlaps pass smoothly from one into the other.

        Raises:
            RefusedInput, TransientFailure: as `gains`.
        """
        gains, offsets = self.gains, self.offsets(contrast)
        total = np.zeros(self.grid.shape, np.float32)
        weights = np.zeros(self.grid.shape, np.float32)
        for number, station in enumerate(self.stations):
            slab = self.slabs[number]
            part = station[contrast].load().resampled_cubic(part_of(self.grid, slab)).array
            weight = self._weight(number)
            total[slab] += weight * ((part - np.float32(offsets[number])) / np.float32(gains[number]))
            weights[slab] += weight
        np.divide(total, weights, out=total, where=weights > 0)
        return Volume(total, self.grid.affine)

    def _weight(self, number: int) -> FloatArray:
        """Of a station over its slices."""
        own = self.slabs[number][2]
        weight = np.ones(own.stop - own.start, np.float32)
        if number > 0 and (shared := self.slabs[number - 1][2].stop - own.start) > 0:
            weight[:shared] *= ramp(shared)
        if number + 1 < len(self.stations) and (shared := own.stop - self.slabs[number + 1][2].start) > 0:
            weight[-shared:] *= 1 - ramp(shared)
        return weight

    def _compared(self) -> tuple[int, ...]:
        """The contrasts by which neighbours are compared: a pair whose ratio is measured, else all that are no fraction."""
        kinds = [series.kind for series in self.stations[0]]
        for pair in _PAIRS:
            if all(kind in kinds for kind in pair):
                return tuple(kinds.index(kind) for kind in pair)
        return tuple(n for n in range(len(kinds)) if not self._is_fraction(n)) or (0,)

    def _is_fraction(self, contrast: int) -> bool:
        return self.stations[0][contrast].kind is SeriesKind.FAT_FRACTION

    def _likeness(self, number: int, contrasts: Sequence[int]) -> Likeness:
        pairs = [self._meetings(contrast)[number] for contrast in contrasts]
        return likeness_of([lower for lower, _ in pairs], [upper for _, upper in pairs])

    @cached_property
    def _met(self) -> dict[int, list[tuple[FloatArray, FloatArray]]]:
        return {}

    def _meetings(self, contrast: int) -> list[tuple[FloatArray, FloatArray]]:
        """A contrast of each station and of the next on the voxels that both have; of stations that only touch, the slices that do."""
        if contrast not in self._met:
            places = [self._place_between(number) for number in range(len(self.stations) - 1)]
            lower, upper = [], []
            for number, station in enumerate(self.stations):
                volume = station[contrast].load()  # one at a time: a whole body is large
                if number < len(places):
                    lower.append(volume.resampled_cubic(places[number][0]).array)
                if number > 0:
                    upper.append(volume.resampled_cubic(places[number - 1][1]).array)
            self._met[contrast] = list(zip(lower, upper, strict=True))
        return self._met[contrast]

    def _place_between(self, number: int) -> tuple[Grid, Grid]:
        """Where a station and the next are compared, for each of them."""
        one, other = self.slabs[number], self.slabs[number + 1]
        x, y = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one[:2], other[:2], strict=True))
        shared = slice(other[2].start, one[2].stop)
        if shared.stop > shared.start:
            return part_of(self.grid, (x, y, shared)), part_of(self.grid, (x, y, shared))
        touching = slice(one[2].stop - 1, one[2].stop), slice(other[2].start, other[2].start + 1)
        return part_of(self.grid, (x, y, touching[0])), part_of(self.grid, (x, y, touching[1]))


def _darkest(array: FloatArray) -> float:
    return float(np.quantile(array, 0.02))


def _grid(series: Series) -> Grid:
    assert series.grid is not None  # only usable series are stations
    return series.grid


@dataclass(frozen=True, eq=False)
class StitchedLoader:
    """Reads one contrast of a run of stations.

    Attributes:
        run: the stations.
        contrast: its place in each station.
    """

    run: Run
    contrast: int

    def __call__(self) -> Volume:
        """The volume.

        Raises:
            RefusedInput: `stations_apart`, or why a station cannot be read.
            TransientFailure: `read_failed`.
        """
        return self.run.put_together(self.contrast)

    def notes(self) -> tuple[Note, ...]:
        """What was done to the stations; to be asked once the volume was read."""
        ids = ", ".join(station[0].id for station in self.run.stations)
        gains = ", ".join(f"{gain:.3f}" for gain in self.run.gains)
        notes = [Note(Reason.STATIONS_STITCHED, f"stations {ids} are {gains} times as bright as the first of them; made alike")]
        added = self.run.offsets(self.contrast)
        if any(added):
            kind, told = self.run.stations[0][self.contrast].kind, ", ".join(f"{one:.3g}" for one in added)
            notes.append(Note(Reason.STATIONS_STITCHED, f"{kind}: {told} lies under all values of stations {ids}; taken off"))
        return tuple(notes)
