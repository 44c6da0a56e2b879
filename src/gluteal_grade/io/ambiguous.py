"""Names that may mean two things, decided by what else the study holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gluteal_grade.errors import Note, Reason
from gluteal_grade.io.study import Series
from gluteal_grade.vocabulary import SeriesKind

_BY_WORD = "dixon_fat_word"  # the rule that rests on the word "fat" alone
_T1_TE_MS, _T1_TR_MS = 30.0, (150.0, 1100.0)


def without_lonely_fat(series: Sequence[Series]) -> list[Series]:
    """A spin echo with T1 times that is called "fat", and no water image on its grid: T1, not half of a Dixon pair.

    "T1 tra FAT" may be T1, T1 with fat suppressed, or the fat image of a turbo spin echo Dixon. Without a water image the last cannot be
    measured as Dixon; measured as T1 it gives the same fractions, as its lean muscle is dark. Suppressed fat is dark too, and the
    measurement of T1 refuses that by the picture.
    """
    waters = [s for s in series if s.kind is SeriesKind.DIXON_WATER and s.grid is not None]
    return [_as_t1(s) if _lonely(s, waters) else s for s in series]


def _lonely(series: Series, waters: Sequence[Series]) -> bool:
    facts = series.acquisition
    if series.kind is not SeriesKind.DIXON_FAT or not series.kind_reason.startswith(_BY_WORD) or series.grid is None:
        return False
    times = facts.te_ms is not None and facts.te_ms <= _T1_TE_MS and facts.tr_ms is not None and _T1_TR_MS[0] <= facts.tr_ms <= _T1_TR_MS[1]
    spin_echo = "SE" in facts.scanning_sequence and not {"IR", "GR"} & set(facts.scanning_sequence)
    return spin_echo and times and not any(w.grid is not None and w.grid.matches(series.grid) for w in waters)


def _as_t1(series: Series) -> Series:
    words = '"fat" in its name, but a spin echo with T1 times and no water image beside it: taken for T1'
    note = Note(Reason.KIND_UNKNOWN, f"{words}; the picture must show plain T1")
    return replace(series, kind=SeriesKind.T1, kind_reason=f"lonely_fat: {words}", notes=(*series.notes, note))
