"""Which series of a study the fat is measured on, best first, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.ct import from_ct
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.ffmap import from_map
from gluteal_grade.fat.in_opposed import from_in_opposed
from gluteal_grade.fat.t1 import from_pd, from_t1, from_t2
from gluteal_grade.io.study import Series, Study
from gluteal_grade.vocabulary import Method, SeriesKind

_PAIRS = ((SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT), (SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE))


@dataclass(frozen=True)
class Candidate:
    """One way to measure fat on this study.

    Attributes:
        method: how.
        series: what it reads; the first is the one a reader looks at and labels are drawn on.
        why: one clause for the report.
        measure: does it.
    """

    method: Method
    series: tuple[Series, ...]
    why: str
    measure: Callable[[FatSettings], FatMap]


def candidates(study: Study, only: str | None = None) -> tuple[Candidate, ...]:
    """All ways, best first: T1 with metal-artifact reduction, Dixon, fat-fraction map, in/opposed phase, T1, CT, PD, T2.

    A metal-artifact-reduced T1 comes before Dixon because nobody has validated Dixon beside a hip implant. PD and T2 are makeshifts.

    Args:
        study: the study.
        only: id of a series that must take part (`--series`).

    Raises:
        RefusedInput: `fat_suppressed`, `no_gradable_series`, `kind_unknown`, `series_not_found`, or why what could be measured is refused.
    """
    if only is not None and only not in {s.id for s in study.series}:
        raise RefusedInput(Reason.SERIES_NOT_FOUND, f"the study has no series {only!r}; it has {', '.join(s.id for s in study.series)}")
    t1 = sorted(study.find(SeriesKind.T1), key=lambda s: s.acquisition.contrast_agent)
    found = [_t1(s, "T1 with metal-artifact reduction") for s in t1 if s.mars]
    found += [_dixon(w, f) for w, f in _pairs(study, *_PAIRS[0])]
    found += [_map(s, study) for s in study.find(SeriesKind.FAT_FRACTION)]
    found += [_in_opposed(i, o) for i, o in _pairs(study, *_PAIRS[1])]
    found += [_t1(s, "T1, no Dixon in the study") for s in t1 if not s.mars]
    found += [_ct(s) for s in study.find(SeriesKind.CT)]
    found += [_makeshift(s, from_pd, Method.PD) for s in study.find(SeriesKind.PD)]
    found += [_makeshift(s, from_t2, Method.T2) for s in study.find(SeriesKind.T2)]
    found = [c for c in found if only is None or only in {s.id for s in c.series}]
    if not found and only is not None and any(s.id == only and s.kind is SeriesKind.STIR for s in study.series):
        raise RefusedInput(Reason.FAT_SUPPRESSED, f"series {only} is fat-suppressed")
    if not found:
        raise _nothing_to_measure(study)
    return tuple(found)


_DIXON_METHODS = frozenset({Method.DIXON, Method.FAT_FRACTION_MAP, Method.IN_OPPOSED_PHASE})


def for_side(choice: tuple[Candidate, ...], *, beside_metal: bool, wide_hz_per_pixel: float) -> tuple[Candidate, ...]:
    """The same ways, best first for one side.

    Beside metal: T1 with metal-artifact reduction, T1 with a wide bandwidth, then the rest as they are. Elsewhere Dixon comes first, and
    metal-artifact reduction is no more than another T1.

    Args:
        choice: as `candidates` gives them.
        beside_metal: a hip implant lies on that side.
        wide_hz_per_pixel: receiver bandwidth from which a T1 displaces little.
    """

    def rank(candidate: Candidate) -> int:
        first = candidate.series[0]
        plain_t1 = candidate.method is Method.T1 and not first.acquisition.contrast_agent
        if beside_metal:
            wide = (first.acquisition.bandwidth_hz_per_pixel or 0) >= wide_hz_per_pixel
            return 0 if plain_t1 and first.mars else 1 if plain_t1 and wide else 2
        return 0 if candidate.method in _DIXON_METHODS else 1 if plain_t1 and first.mars else 2

    return tuple(sorted(choice, key=rank))


_FAT_KINDS = frozenset(
    {
        SeriesKind.T1,
        SeriesKind.DIXON_WATER,
        SeriesKind.DIXON_FAT,
        SeriesKind.DIXON_IN_PHASE,
        SeriesKind.DIXON_OPPOSED_PHASE,
        SeriesKind.FAT_FRACTION,
        SeriesKind.CT,
        SeriesKind.T2,
        SeriesKind.PD,
    }
)


def _nothing_to_measure(study: Study) -> RefusedInput:
    """The most telling reason: damage to a series that could have been measured, then a nameless NIfTI, then the wrong contrasts."""
    damaged = [s for s in study.series if s.refusal is not None]
    telling = [s for s in damaged if s.kind in _FAT_KINDS] or (damaged if len(damaged) == len(study.series) else [])
    if telling and telling[0].refusal is not None:
        refusal = telling[0].refusal
        return RefusedInput(refusal.reason, f"series {telling[0].id}: {refusal.detail}")
    for first, second in _PAIRS:
        a, b = study.find(first), study.find(second)
        if a and b:
            return RefusedInput(Reason.GRID_MISMATCH, f"series {a[0].id} and {b[0].id} lie on different grids")
    kinds = ", ".join(f"{s.id} {s.kind}" + (f" ({s.refusal.reason})" if s.refusal else "") for s in study.series)
    suppressed = study.find(SeriesKind.STIR)
    rest = [s for s in study.series if s.kind not in (SeriesKind.STIR, SeriesKind.LOCALIZER)]
    if suppressed and not rest:
        return RefusedInput(Reason.FAT_SUPPRESSED, f"nothing but fat-suppressed images: {kinds}")
    nameless = any(s.kind is SeriesKind.OTHER and s.uid is None and s.refusal is None for s in study.series)
    return RefusedInput(Reason.KIND_UNKNOWN if nameless else Reason.NO_GRADABLE_SERIES, f"found {kinds}")


def why_unused(series: Series, used: tuple[Series, ...]) -> str:
    """One clause on why a series was not measured; empty for a used one."""
    if series in used:
        return ""
    if series.refusal is not None:
        return f"refused: {series.refusal.reason}"
    no_fat = {
        SeriesKind.STIR: "fat is suppressed",
        SeriesKind.LOCALIZER: "localizer",
        SeriesKind.OTHER: "contrast not recognised",
    }
    return no_fat.get(series.kind, "a better series was there")


def _pairs(study: Study, first: SeriesKind, second: SeriesKind) -> list[tuple[Series, Series]]:
    """Each first-kind series with its partner: same grid, same DICOM series before the nearest series number."""
    pairs = []
    for a in study.find(first):
        partners = [b for b in study.find(second) if a.grid and b.grid and a.grid.matches(b.grid)]
        if partners:
            pairs.append((a, min(partners, key=lambda b: (b.uid != a.uid, abs((b.number or 0) - (a.number or 0))))))
    return pairs


def _dixon(water: Series, fat: Series) -> Candidate:
    return Candidate(Method.DIXON, (water, fat), "Dixon water and fat", partial(from_water_fat, water, fat))


def _in_opposed(in_phase: Series, opposed: Series) -> Candidate:
    why = "in and opposed phase, no water and fat images"
    return Candidate(Method.IN_OPPOSED_PHASE, (in_phase, opposed), why, partial(from_in_opposed, in_phase, opposed))


def _map(series: Series, study: Study) -> Candidate:
    in_phase = study.find(SeriesKind.DIXON_IN_PHASE)
    partner = next((s for s in in_phase if s.grid and series.grid and s.grid.matches(series.grid)), None)
    return Candidate(Method.FAT_FRACTION_MAP, (series,), "the scanner's fat-fraction map", partial(from_map, series, partner))


def _t1(series: Series, why: str) -> Candidate:
    return Candidate(Method.T1, (series,), why, partial(from_t1, series))


def _makeshift(series: Series, measure: Callable[[Series, FatSettings], FatMap], method: Method) -> Candidate:
    return Candidate(method, (series,), f"{method.upper()}, nothing better in the study", partial(measure, series))


def _ct(series: Series) -> Candidate:
    return Candidate(Method.CT, (series,), "CT, no gradable MRI in the study", partial(from_ct, series))
