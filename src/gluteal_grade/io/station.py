"""One station: the series of one acquisition on one grid, and how two of them lie to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gluteal_grade.geometry import Grid
from gluteal_grade.io.meeting import Meeting, span_mm
from gluteal_grade.io.pairing import conflicts, settings_differ
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind

_KINDS = frozenset({
    SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT, SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE, SeriesKind.FAT_FRACTION,
    SeriesKind.GRADIENT_ECHO, SeriesKind.T1, SeriesKind.T2, SeriesKind.PD, SeriesKind.STIR,
})  # fmt: skip
_SAME_PLACE = 0.5  # of the shorter one's length: what overlaps further is the same place again
_HELD, _LONGER = 0.95, 1.3  # a picture of all stations holds so much of each, and is so much longer
_TOUCHING = 0.6  # of a slice: a wider gap has something missing
_FEWEST_SLICES = 3
Contrast = tuple[SeriesKind, float]  # the echo time, ms, of one of several echoes; else 0


@dataclass(frozen=True)
class Station:
    """The series of one acquisition on one grid, by contrast."""

    series: dict[Contrast, Series]

    @property
    def grid(self) -> Grid:
        """Of all its series."""
        grid = next(iter(self.series.values())).grid
        assert grid is not None  # see `stations_of`
        return grid

    @property
    def name(self) -> str:
        """The id of its first series."""
        return next(iter(self.series.values())).id

    @property
    def span_mm(self) -> tuple[float, float]:
        """Lower and upper edge along the body."""
        return span_mm(self.grid)

    @property
    def height_mm(self) -> float:
        """The middle, along the body."""
        return sum(self.span_mm) / 2

    @property
    def length_mm(self) -> float:
        """Along the body."""
        low, high = self.span_mm
        return high - low


def stations_of(series: Sequence[Series]) -> list[Station]:
    """Series by grid and acquisition, in series order; a contrast that is there again on the same grid begins another station.

    Args:
        series: of one study; what is refused, a scout, CT or a few slices is no station.
    """
    found: list[Station] = []
    for one in series:
        if one.kind not in _KINDS or one.refusal is not None or one.grid is None or one.grid.shape[one.slice_axis] < _FEWEST_SLICES:
            continue
        contrast = _contrast(one)
        for station in found:
            others = station.series
            if contrast not in others and station.grid.matches(one.grid) and not any(_strange(one, o) for o in others.values()):
                others[contrast] = one
                break
        else:
            found.append(Station({contrast: one}))
    return found


def _contrast(series: Series) -> Contrast:
    return series.kind, round(series.acquisition.te_ms or 0.0, 1) if series.kind is SeriesKind.GRADIENT_ECHO else 0.0


def _strange(one: Series, other: Series) -> bool:
    """Of two acquisitions; echoes of one train lie far apart."""
    echoes = one.kind is SeriesKind.GRADIENT_ECHO
    return bool([words for words in conflicts(one, other) if not (echoes and words.startswith("TE "))])


@dataclass(frozen=True)
class Link:
    """Two stations that share a contrast, and how they meet."""

    one: Station
    other: Station
    met: Meeting

    @property
    def same_place(self) -> bool:
        """Both show the same part of the body."""
        return self.met.share > _SAME_PLACE

    @property
    def gap(self) -> bool:
        """Something is missing between them."""
        return self.met.overlap_mm < -_TOUCHING * max(self.one.grid.spacing_mm[2], self.other.grid.spacing_mm[2])

    @property
    def whole(self) -> Station | None:
        """Of two at the same place the one that holds the other and more; None where neither does."""
        longer, shorter = sorted((self.one, self.other), key=lambda s: -s.length_mm)
        holds = self.met.share > _HELD and longer.length_mm > _LONGER * shorter.length_mm and shorter.series.keys() <= longer.series.keys()
        return longer if holds and not self.met.differs else None

    @property
    def why_not(self) -> str:
        """Why the two cannot be put together, in words; empty if they can."""
        if self.met.differs:
            return f"they differ in {self.met.differs}"
        common = [(one, self.other.series[c]) for c, one in self.one.series.items() if c in self.other.series]
        if differing := next((words for a, b in common if (words := settings_differ(a, b))), ()):
            return f"they differ in {', '.join(differing)}"
        if any(a.mars != b.mars or a.acquisition.contrast_agent != b.acquisition.contrast_agent for a, b in common):
            return "they differ in metal-artifact reduction or contrast agent"
        return f"a gap of {-self.met.overlap_mm:.0f} mm lies between them" if self.gap else ""

    def beside(self, station: Station) -> Station:
        """The other one."""
        return self.other if station is self.one else self.one

    def across(self, series_id: str) -> tuple[str, ...]:
        """The ids of the other station's series; empty where the series is of neither."""
        for station in (self.one, self.other):
            if series_id in {s.id for s in station.series.values()}:
                return tuple(s.id for s in self.beside(station).series.values())
        return ()
