"""What became of a spoilt study, beside what became of the sound one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gluteal_grade.errors import Reason
from gluteal_grade.result import StudyResult
from gluteal_grade.vocabulary import Region

FAT_POINTS, VOLUME_PERCENT = 0.5, 1.0  # more than this is a change
_BY_THE_WAY = {Reason.SWAP_UNCHECKED, Reason.NOISE_UNKNOWN}  # true of many sound studies: says of no number that it is wrong


class Ending(StrEnum):
    """The classes of the table, the best first."""

    EQUAL = "equal"
    SAID = "changed, and said so"
    REFUSED = "refused"
    SILENT = "silently changed"
    TRACEBACK = "traceback"
    HANG = "hang"
    MEMORY = "memory"


@dataclass(frozen=True)
class Told:
    """One grading.

    Attributes:
        numbers: fat fraction in points and volume in ml of every whole muscle, NaN where there is none, by side and muscle.
        said: everything a reader is told to beware of: notes, reasons, checks, marks; not the method: nobody knows that it was another.
        refusal: reason code; empty where it was graded.
        error: type and place of an exception that is none of ours; empty where there was none.
        peak_mb: most memory held.
    """

    numbers: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    said: frozenset[str] = frozenset()
    refusal: str = ""
    error: str = ""
    peak_mb: float = 0.0


def told_of(result: StudyResult) -> Told:
    """What a result says."""
    if result.refusal is not None:
        return Told(refusal=result.refusal.reason)
    whole = [m for m in result.muscles if m.region is Region.WHOLE and not m.muscle.optional]
    said = {f"note {note.reason}" for note in result.notes if note.reason not in _BY_THE_WAY}
    for m in whole:
        where = f"{m.side} {m.muscle}"
        said |= {f"{where} {m.status}", f"{where} {m.reason}"}
        said |= {f"{where} {check.reason}" for check in m.checks}
        said |= {f"{where} {grade.mark}" for grade in m.grades}
    numbers = {(str(m.side), str(m.muscle)): (100 * m.fat_fraction, m.volume_ml) for m in whole}
    return Told(numbers, frozenset(said))


def judge(sound: Told, spoilt: Told, most_mb: float) -> tuple[Ending, float, float]:
    """How it ended, the largest change of fat in points and of volume in percent (NaN where there is nothing to compare)."""
    if spoilt.error:
        return (Ending.HANG if spoilt.error == "hang" else Ending.TRACEBACK), math.nan, math.nan
    if spoilt.peak_mb > most_mb:
        return Ending.MEMORY, math.nan, math.nan
    if spoilt.refusal:
        return Ending.REFUSED, math.nan, math.nan
    fat, volume = 0.0, 0.0
    gone = False
    for part, (was_fat, was_ml) in sound.numbers.items():
        now_fat, now_ml = spoilt.numbers.get(part, (math.nan, math.nan))
        gone = gone or (math.isnan(now_fat) and not math.isnan(was_fat)) or (math.isnan(now_ml) and not math.isnan(was_ml))
        fat = max(fat, _or_zero(abs(now_fat - was_fat)))
        volume = max(volume, _or_zero(100 * abs(now_ml - was_ml) / was_ml))
    if not gone and fat <= FAT_POINTS and volume <= VOLUME_PERCENT:
        return Ending.EQUAL, fat, volume
    return (Ending.SAID if spoilt.said - sound.said else Ending.SILENT), fat, volume


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
