"""Echoes of one gradient echo acquisition: two are in and opposed phase by physics where no tag calls them so, more are a train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gluteal_grade.io.pairing import conflicts
from gluteal_grade.io.sequences import SeriesFacts, fat_water_cosine
from gluteal_grade.io.study import NAMED_BY_USER, Series
from gluteal_grade.vocabulary import SeriesKind

# Within some 37 degrees of exactly in or against phase: scanners place the echoes nearer, other dual echoes rarely fall so by chance.
_NEARLY = 0.8
_TRAIN = 3  # echoes from which water, fat and what divides them can be fitted
_MAGNITUDE = ("", "M", "MAGNITUDE")
_MADE_OF_ECHOES = frozenset({SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT, SeriesKind.FAT_FRACTION, SeriesKind.CT, SeriesKind.LOCALIZER})


def echo_kinds(echoes: Sequence[SeriesFacts]) -> list[tuple[SeriesKind, str]] | None:
    """The kinds of the echoes of one series.

    Args:
        echoes: facts of each.

    Returns:
        For each its kind and the reason; None unless they are two, one in and the other against phase, or magnitudes of three and more
        echo times, of a gradient echo at a known field strength.
    """
    if any(facts.scanning_sequence != ("GR",) or not facts.te_ms or not facts.field_strength_t for facts in echoes):
        return None
    return _two(echoes) if len(echoes) == 2 else _more(echoes)


def _two(echoes: Sequence[SeriesFacts]) -> list[tuple[SeriesKind, str]] | None:
    kinds = []
    for facts in echoes:
        cosine = facts.in_phase
        if cosine is None or abs(cosine) < _NEARLY:
            return None
        kind = SeriesKind.DIXON_IN_PHASE if cosine > 0 else SeriesKind.DIXON_OPPOSED_PHASE
        kinds.append((kind, f"dual_echo: TE {facts.te_ms:.4g} ms at {facts.field_strength_t:.4g} T, fat-water phase cosine {cosine:.2f}"))
    return kinds if {kind for kind, _ in kinds} == {SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE} else None


def _more(echoes: Sequence[SeriesFacts]) -> list[tuple[SeriesKind, str]] | None:
    times = {facts.te_ms for facts in echoes}
    if not len(times) == len(echoes) >= _TRAIN or any(facts.component not in _MAGNITUDE for facts in echoes):
        return None
    words = f"multi_echo: one of {len(times)} echoes of a gradient echo at {echoes[0].field_strength_t:.4g} T"
    return [(SeriesKind.GRADIENT_ECHO, f"{words}, TE {facts.te_ms:.4g} ms") for facts in echoes]


def with_trains(series: Sequence[Series]) -> list[Series]:
    """NIfTI files of one study, those that are echoes of one train by name and sidecar told so.

    Args:
        series: of one study; `origin.train` names the files of a train.
    """
    trains: dict[str, list[Series]] = {}
    for one in series:
        if one.origin.train and one.refusal is None and one.kind not in _MADE_OF_ECHOES and one.kind_reason != NAMED_BY_USER:
            trains.setdefault(one.origin.train, []).append(one)
    told: dict[int, str] = {}
    for members in trains.values():
        times = {one.acquisition.te_ms for one in members}
        known = all(one.acquisition.te_ms and one.acquisition.field_strength_t for one in members)
        spin = any(set(one.acquisition.scanning_sequence) - {"GR"} for one in members)
        if known and not spin and len(times) == len(members) >= _TRAIN and not any(_differ(members[0], one) for one in members[1:]):
            words = f"multi_echo: one of {len(members)} files of a train of echoes"
            told |= {id(one): f"{words}, TE {one.acquisition.te_ms:.4g} ms" for one in members}
    return [replace(one, kind=SeriesKind.GRADIENT_ECHO, kind_reason=told[id(one)]) if id(one) in told else one for one in series]


def echo_trains(echoes: Sequence[Series]) -> tuple[tuple[Series, ...], ...]:
    """The images of each acquisition, one an echo time, the one nearest to in phase first (it is looked at), the others by echo time.

    Args:
        echoes: usable images of the kind `gradient_echo`, in series order.
    """
    trains: list[list[Series]] = []
    for one in echoes:
        for train in trains:
            if not _differ(train[0], one) and one.acquisition.te_ms not in {other.acquisition.te_ms for other in train}:
                train.append(one)
                break
        else:
            trains.append([one])
    return tuple(tuple(sorted(train, key=_order)) for train in trains if len(train) >= _TRAIN)


def _differ(one: Series, other: Series) -> bool:
    """Whether two images cannot be of one train."""
    same = one.uid == other.uid if one.uid or other.uid else one.origin.train == other.origin.train
    apart = one.grid is None or other.grid is None or not one.grid.matches(other.grid)
    return not same or apart or bool([word for word in conflicts(one, other) if not word.startswith("TE ")])


def _order(one: Series) -> tuple[bool, float]:
    """In phase before all others; of several the first echo."""
    te = one.acquisition.te_ms or 0.0
    cosine = fat_water_cosine(te, one.acquisition.field_strength_t)
    return (cosine is None or cosine < _NEARLY), te
