"""How a study is to be measured: for each hip the series that could serve, best first, and why the others are not asked.

A plan is made from headers and the user's words alone, before an image is read. What only images can tell (metal that shows, a series
that cannot be measured) comes later, in `maps` and `metal`, as values of their own; the plan does not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gluteal_grade.config import Settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat import FatMap, FatMethod, Place, fat_methods
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series, Study, echo_trains, pairs, partner_of
from gluteal_grade.measurement.grey_levels import with_grey_levels_told
from gluteal_grade.measurement.odd_slices import refuse_two_scales, without_odd_slices
from gluteal_grade.measurement.offsets import refuse_offset
from gluteal_grade.measurement.stray_values import without_strays
from gluteal_grade.metal import HeaderEvidence, ZoneRule, header_evidence, zone_rule
from gluteal_grade.vocabulary import Method, SeriesKind, Side


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to measure fat on this study.

    Attributes:
        how: the method.
        series: what it measures; the first is the one a reader looks at and labels are drawn on.
        helper: a series that it uses besides, None without one.
        place: its ranks, and why it would be chosen.
        zone: what is left out beside metal on it.
        refusal: why its partners could not be told; it is asked in its turn all the same, so that the reason is told.
    """

    how: FatMethod
    series: tuple[Series, ...]
    helper: Series | None
    place: Place
    zone: ZoneRule
    refusal: RefusedInput | None = None

    @property
    def method(self) -> Method:
        """The method's word."""
        return self.how.method

    @property
    def why(self) -> str:
        """One clause for the report."""
        return self.place.why

    def measure(self, settings: Settings) -> FatMap:
        """The fat map on the grid of the first series.

        Raises:
            RefusedInput: with the reason why it cannot be measured.
        """
        if self.refusal is not None:
            raise self.refusal
        if len(self.series) == 1:
            refuse_two_scales(self.series[0])
        else:
            for series in self.series:
                refuse_offset(series)
        fat = self.how.measure((*self.series, *((self.helper,) if self.helper else ())), settings.fat)
        return with_grey_levels_told(without_odd_slices(without_strays(fat)))


@dataclass(frozen=True)
class SidePlan:
    """How one hip is to be measured.

    Attributes:
        elsewhere: all candidates, best first, should the hip hold no metal.
        beside_metal: the same, should it hold metal.
        expects_metal: the user says so, or headers speak for it where the user leaves it open.
    """

    elsewhere: tuple[Candidate, ...]
    beside_metal: tuple[Candidate, ...]
    expects_metal: bool

    def candidates(self, *, metal: bool) -> tuple[Candidate, ...]:
        """The order that counts, once it is known whether there is metal."""
        return self.beside_metal if metal else self.elsewhere


@dataclass(frozen=True)
class Plan:
    """How a study is to be measured.

    Attributes:
        sides: by side.
        header: what the headers say of metal.
        why_not: by id of every series, one clause on why it is not measured, should it be left over.
        oedema: fat-suppressed series, in the order in which they are asked for oedema.
        exclude: the user's mask of what is not measured, boolean, on any grid; None without one.
    """

    sides: Mapping[Side, SidePlan]
    header: HeaderEvidence
    why_not: Mapping[str, str]
    oedema: tuple[Series, ...] = ()
    exclude: Volume | None = None

    @property
    def orders(self) -> tuple[tuple[Candidate, ...], ...]:
        """Every order of candidates that some side may need, each once."""
        every = (order for one in self.sides.values() for order in (one.elsewhere, one.beside_metal))
        return tuple(dict.fromkeys(every))

    @property
    def for_labels(self) -> tuple[Series, ...]:
        """Series in the order in which labels would like to be drawn on them: where metal is expected, on what shows it least."""
        expects = any(one.expects_metal for one in self.sides.values())
        return tuple(c.series[0] for c in self.sides[Side.RIGHT].candidates(metal=expects))


def plan_study(study: Study, settings: Settings, only: str | None = None, exclude: Volume | None = None) -> Plan:
    """Decide how a study is to be measured.

    Args:
        study: the study.
        settings: whether the user says where metal is, and how far its zones reach.
        only: id of a series that must take part (`--series`).
        exclude: the user's mask.

    Raises:
        RefusedInput: `fat_suppressed`, `no_gradable_series`, `kind_unknown`, `series_not_found`, or why what could be measured is refused.
    """
    found = _candidates(study, settings, only)
    elsewhere = tuple(sorted(found, key=lambda c: c.place.elsewhere))
    beside = tuple(sorted(found, key=lambda c: c.place.beside_metal))
    header, said = header_evidence(study), settings.metal.sides
    sides = {side: SidePlan(elsewhere, beside, header.for_side(side) if said == "auto" else said in ("both", side.value)) for side in Side}
    return Plan(sides, header, why_not(study), study.find(SeriesKind.STIR), exclude)


def why_not(study: Study) -> dict[str, str]:
    """By id of every series, one clause on why it is not measured, should it be left over."""
    stitched = {part: s.id for s in study.series for part in s.stations}
    return {s.id: f"a station of {stitched[s.id]}" if s.id in stitched else _why_left_over(s) for s in study.series}


def _why_left_over(series: Series) -> str:
    if series.refusal is not None:
        return f"refused: {series.refusal.reason}"
    if any(series.kind in method.kinds for method in fat_methods()):
        return "a better series was there"
    return {SeriesKind.STIR: "fat is suppressed", SeriesKind.LOCALIZER: "localizer"}.get(series.kind, "contrast not recognised")


def _candidates(study: Study, settings: Settings, only: str | None) -> tuple[Candidate, ...]:
    if only is not None and only not in {s.id for s in study.series}:
        raise RefusedInput(Reason.SERIES_NOT_FOUND, f"the study has no series {only!r}; it has {', '.join(s.id for s in study.series)}")
    every = (c for method in fat_methods() for c in _by_method(method, study, settings))
    found = tuple(c for c in every if only is None or only in {s.id for s in c.series})
    if not found and only is not None and any(s.id == only and s.kind is SeriesKind.STIR for s in study.series):
        raise RefusedInput(Reason.FAT_SUPPRESSED, f"series {only} is fat-suppressed")
    if not found:
        raise _nothing_to_measure(study)
    return found


def _by_method(method: FatMethod, study: Study, settings: Settings) -> Iterator[Candidate]:
    """A candidate for each series of the first kind that has its partners, or of which it cannot be told which they are; or for each
    train of echoes."""
    firsts = study.find(method.kinds[0])
    if method.train:
        for train in echo_trains(firsts):
            yield Candidate(method, train, None, method.place(train[0]), zone_rule(train[0], settings.metal))
        return
    by_kind = [pairs(firsts, study.find(kind)) for kind in method.kinds[1:]]
    for first, *found in zip(firsts, *by_kind, strict=True):
        partners = tuple(pair.second for pair in found if pair.second)
        refusal = next((pair.refusal for pair in found if pair.refusal), None)
        if len(partners) == len(found) or refusal is not None:
            helper = partner_of(first, study.find(method.helper)) if method.helper else None
            yield Candidate(method, (first, *partners), helper, method.place(first), zone_rule(first, settings.metal), refusal)


def _nothing_to_measure(study: Study) -> RefusedInput:
    """The most telling reason: damage to a series that could have been measured, then a nameless NIfTI, then the wrong contrasts."""
    needed = {kind for method in fat_methods() for kind in method.kinds}
    damaged = [s for s in study.series if s.refusal is not None]
    telling = [s for s in damaged if s.kind in needed] or (damaged if len(damaged) == len(study.series) else [])
    if telling and telling[0].refusal is not None:
        refusal = telling[0].refusal
        return RefusedInput(refusal.reason, f"series {telling[0].id}: {refusal.detail}")
    for method in fat_methods():
        there = [study.find(kind) for kind in method.kinds]
        if len(there) > 1 and all(there):  # each kind is there, and yet no candidate: they do not belong together
            return RefusedInput(Reason.GRID_MISMATCH, f"series {' and '.join(s[0].id for s in there)} lie on different grids")
    for method in fat_methods():
        here = [study.find(kind) for kind in method.kinds]
        if len(here) > 1 and any(here):
            lonely, absent = next(s for s in here if s)[0], next(k for k, s in zip(method.kinds, here, strict=True) if not s)
            words = f"series {lonely.id} is {lonely.kind}; its partner, {absent}, is not in this study"
            return RefusedInput(Reason.PARTNER_MISSING, words)
    kinds = ", ".join(f"{s.id} {s.kind}" + (f" ({s.refusal.reason})" if s.refusal else "") for s in study.series)
    suppressed = study.find(SeriesKind.STIR)
    rest = [s for s in study.series if s.kind not in (SeriesKind.STIR, SeriesKind.LOCALIZER)]
    if suppressed and not rest:
        return RefusedInput(Reason.FAT_SUPPRESSED, f"nothing but fat-suppressed images: {kinds}")
    nameless = any(s.kind is SeriesKind.OTHER and s.uid is None and s.refusal is None for s in study.series)
    return RefusedInput(Reason.KIND_UNKNOWN if nameless else Reason.NO_GRADABLE_SERIES, f"found {kinds}")
