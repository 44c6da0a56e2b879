"""Stations of one examination: the table was moved between them, and each came as series of its own.

Whole-body protocols (UK Biobank, NAKO) take water, fat, in and opposed phase station by station. Hips may lie in two of them. Stations that
share everything but their height, and overlap or touch, are put together (`io.stitched`); where they cannot be, the series say of each
other that they show other parts of the body, and the study says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from gluteal_grade.errors import Note, Reason
from gluteal_grade.io.meeting import meeting
from gluteal_grade.io.station import Contrast, Link, Station, stations_of
from gluteal_grade.io.stitched import Run, StitchedLoader
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind

_HALVES = (
    (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT),
    (SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE),
)
_NEAR_MM = 300.0  # further apart two series are no neighbours of one protocol


def with_stations(series: Sequence[Series]) -> tuple[list[Series], tuple[Note, ...]]:
    """The series of one study, those of stations stitched where that can be done.

    What is stitched comes before its stations, which stay: each can be named, and is measured where the stitched image cannot be.

    Args:
        series: of one examination of one person.

    Returns:
        the same series and the stitched ones, and what is to be told of stations.
    """
    stations = stations_of(series)
    links = [
        Link(a, b, met)
        for a, b in combinations(stations, 2)
        if a.series.keys() & b.series.keys() and (met := meeting(a.grid, b.grid)).overlap_mm > -_NEAR_MM
    ]
    apart = [link for link in links if not link.same_place]
    if not apart:
        return list(series), ()
    groups = _groups(stations, [link for link in apart if not link.why_not])
    before: dict[str, list[Series]] = {}  # by the id of the series that they are to come before
    notes: list[Note] = []
    moved: set[str] = set()
    for group in groups:
        if len(group) == 1:
            continue
        ids = {one.id for station in group for one in station.series.values()}
        first = next(one.id for one in series if one.id in ids)
        if (whole := _composed(group, links)) is not None:
            before.setdefault(first, []).extend(whole.series.values())
            moved |= {one.id for one in whole.series.values()}
            notes.append(_note(f"series {whole.name} holds all of {_names(group)}; it is asked first"))
        elif why := _why_not_stitched(group, links):
            notes.append(_note(f"{_names(group)} are stations of one examination: {why}; not stitched"))
        else:
            made, note = _stitched(group, series)
            before.setdefault(first, []).extend(made)
            notes.append(note)
    notes += _between(groups, apart)
    known = {one.id: tuple(dict.fromkeys(i for link in apart for i in link.across(one.id))) for one in series}
    ordered = [new for one in series for new in (*before.get(one.id, ()), *(() if one.id in moved else (one,)))]
    return [replace(one, apart=known.get(one.id, ())) for one in ordered], tuple(notes)


def _groups(stations: Sequence[Station], links: Sequence[Link]) -> list[list[Station]]:
    """Stations that hang together, lowest first; the groups by their lowest."""
    group_of = {station.name: [station] for station in stations}
    for link in links:
        one, other = group_of[link.one.name], group_of[link.other.name]
        if one is not other:
            one += other
            for station in other:
                group_of[station.name] = one
    distinct = {id(group): sorted(group, key=lambda s: s.height_mm) for group in group_of.values()}
    return sorted(distinct.values(), key=lambda group: group[0].height_mm)


def _composed(group: Sequence[Station], links: Sequence[Link]) -> Station | None:
    """A scanner's own picture of all these stations."""
    held: dict[str, list[str]] = {}
    stations: dict[str, Station] = {}
    for link in links:
        if (whole := link.whole) is not None:
            held.setdefault(whole.name, []).append(link.beside(whole).name)
            stations[whole.name] = whole
    names = {station.name for station in group}
    return next((stations[whole] for whole, parts in held.items() if names <= set(parts)), None)


def _why_not_stitched(group: Sequence[Station], links: Sequence[Link]) -> str:
    """In words, empty if nothing speaks against it."""
    names = {station.name for station in group}
    if again := next((link for link in links if link.same_place and {link.one.name, link.other.name} <= names), None):
        return f"{again.one.name} and {again.other.name} show one place twice, and nothing tells which belongs to the others"
    near = {frozenset((link.one.name, link.other.name)) for link in links if not link.gap}
    steps = {frozenset((a.name, b.name)) for a, b in pairwise(group)}
    if {pair for pair in near if pair <= names} != steps:
        return "they do not follow each other along the body"
    if not _common(group):
        lacking = sorted({f"{s.name} has no {kind}" for s in group for kind, _ in _every(group) - s.series.keys()})
        return ", ".join(lacking)
    return ""


def _every(group: Sequence[Station]) -> set[Contrast]:
    return {contrast for station in group for contrast in station.series}


def _common(group: Sequence[Station]) -> tuple[Contrast, ...]:
    """What every station has, in the order of the first; never one half of a pair whose other half a station lacks."""
    common = [c for c in group[0].series if all(c in station.series for station in group)]
    kinds, every = {kind for kind, _ in common}, {kind for kind, _ in _every(group)}
    broken = {kind for pair in _HALVES for kind in pair if not set(pair) <= kinds and set(pair) <= every}
    return tuple(c for c in common if c[0] not in broken)


def _stitched(group: Sequence[Station], series: Sequence[Series]) -> tuple[list[Series], Note]:
    contrasts = _common(group)
    run = Run(tuple(tuple(station.series[c] for c in contrasts) for station in group))
    made = []
    for number, contrast in enumerate(contrasts):
        parts = [station.series[contrast] for station in group]
        lead = next(one for one in series if one.id in {part.id for part in parts})
        load = StitchedLoader(run, number)
        offsets = [part.acquisition.offset for part in parts if part.acquisition.offset]
        made.append(
            replace(
                lead,
                id=f"{lead.id}.stitched",
                kind_reason=f"{lead.kind_reason}; stitched of {len(parts)} stations",
                load=load,
                notes_read=load.notes,
                grid=run.grid,
                acquisition=replace(
                    lead.acquisition, rescaled=all(part.acquisition.rescaled for part in parts), offset=offsets[0] if offsets else 0.0
                ),
                sources=tuple(source for part in parts for source in part.sources),
                notes=(),
                image_count=sum(part.image_count for part in parts),
                stations=tuple(part.id for part in parts),
            )
        )
    shared = [f"{max(0.0, meeting(a.grid, b.grid).overlap_mm):.0f}" for a, b in pairwise(group)]
    heights = ", ".join(f"{low:.0f} to {high:.0f}" for low, high in (station.span_mm for station in group))
    words = f"series {made[0].id} is stitched of {_names(group)}, lowest first: {heights} mm along the body, overlap {', '.join(shared)} mm"
    lacking = sorted({kind.value for kind, _ in _every(group) - set(contrasts)})
    more = f"; {', '.join(lacking)} not, as a station lacks it or its partner" if lacking else ""
    return made, Note(Reason.STATIONS_STITCHED, words + more)


def _between(groups: Sequence[Sequence[Station]], apart: Sequence[Link]) -> list[Note]:
    """Why neighbours were not put together."""
    found = []
    for one, other in pairwise(groups):
        links = [
            link for link in apart if any({link.one.name, link.other.name} == {a.name, b.name} for a in one for b in other) and link.why_not
        ]
        if links:
            link = max(links, key=lambda nearest: nearest.met.overlap_mm)
            found.append(_note(f"{link.one.name} and {link.other.name} show parts of the body one above the other, and {link.why_not}"))
    return found


def _names(group: Sequence[Station]) -> str:
    return ", ".join(station.name for station in group)


def _note(words: str) -> Note:
    return Note(Reason.STATIONS_APART, words)
