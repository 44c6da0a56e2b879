"""NIfTI files whose names differ in a Dixon letter alone (`x_W`, `x_F`, `x_in`, `x_opp`): biobanks and converters name a Dixon so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gluteal_grade.io.nifti_series import UNKNOWN
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind

_KINDS = {
    "w": SeriesKind.DIXON_WATER,
    "f": SeriesKind.DIXON_FAT,
    "in": SeriesKind.DIXON_IN_PHASE,
    "ip": SeriesKind.DIXON_IN_PHASE,
    "opp": SeriesKind.DIXON_OPPOSED_PHASE,
    "op": SeriesKind.DIXON_OPPOSED_PHASE,
    "out": SeriesKind.DIXON_OPPOSED_PHASE,
    "fp": SeriesKind.FAT_FRACTION,
}
_PAIRS = (
    {SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT},
    {SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE},
)
# a number behind the letter is that of the series, and another for each image
_NAME = re.compile(rf"(?P<start>|.*[_\-. ])(?P<letter>{'|'.join(_KINDS)})(?:[_\-. ]\d{{1,5}})?", re.IGNORECASE)


def with_letters(series: Sequence[Series]) -> list[Series]:
    """The files of one study; those that nothing else names, and that are a set of letters on one grid, told by their letter.

    A letter alone is no name ("_F" may be a woman). Two files that are called alike but for the two letters of a pair, and lie on one
    grid, are that pair; what else of the set lies there goes with them.

    Args:
        series: `kind_reason` is `UNKNOWN` where neither name, sidecar nor values told the contrast.
    """
    sets: dict[str, list[tuple[Series, SeriesKind]]] = {}
    for one in series:
        found = _NAME.fullmatch(one.description)
        if found is not None and one.kind_reason == UNKNOWN and one.grid is not None:
            sets.setdefault(found["start"].lower(), []).append((one, _KINDS[found["letter"].lower()]))
    told: dict[int, SeriesKind] = {}
    for members in sets.values():
        told |= _told(members)
    return [replace(s, kind=told[id(s)], kind_reason=_reason(told[id(s)])) if id(s) in told else s for s in series]


def _told(members: Sequence[tuple[Series, SeriesKind]]) -> Mapping[int, SeriesKind]:
    """By identity, the kinds of those that have the other half of a pair on their grid, and of what lies with them."""
    told = {}
    for one, kind in members:
        here = {other for s, other in members if s.grid is not None and one.grid is not None and s.grid.matches(one.grid)}
        if any(pair <= here for pair in _PAIRS):
            told[id(one)] = kind
    return told


def _reason(kind: SeriesKind) -> str:
    return f"letters_of_a_set: named alike but for the letters of a Dixon, on one grid; this is the letter of {kind}"
