"""What surgeons ask of the abductors, right beside left: indices made of the result's own numbers, each with its source."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gluteal_grade.report.html.numbers import millilitres, number, percent
from gluteal_grade.report.html.tables import Cell, listed
from gluteal_grade.report.readings import grade_text
from gluteal_grade.report.words import DASH, muscle_name
from gluteal_grade.result import MuscleResult, MuscleStatus, StudyResult
from gluteal_grade.vocabulary import REGIONS, Muscle, Part, Region, Side

_GOUTALLIER = "goutallier"
_NEVER = {MuscleStatus.MISSING, MuscleStatus.NOT_GRADABLE}
_THAUNAT = "mean of the Goutallier grades of its three regions, 0-4 (after Thaunat; 0.33 to 3.33 seen there); estimate"
_EBERT = "fat fraction and Goutallier grade of each third, after Ebert 2019; estimate"
_PFIRRMANN = "uncommon without symptoms after hip replacement (Pfirrmann 2005)"
_ANTERIOR = "common without symptoms (Pfirrmann 2005)"
_RATIO = "a wasted medius raises it as a large tensor does; no threshold"
_TENSOR = "large beside fatty abductors after their tear (70 patients, tensor to sartorius); no threshold"


@dataclass(frozen=True)
class SurgeonRow:
    """One index: what it is, right and left, and where it comes from."""

    name: str
    right: Cell
    left: Cell
    source: str


def surgeon_rows(result: StudyResult) -> tuple[SurgeonRow, ...]:
    """The rows that this result holds numbers for; none of a muscle that is not measured on either side.

    Indices of muscles that need review are marked; parts in view are no whole, so volumes and their ratios are given of whole muscles
    alone.
    """
    found = listed(result)

    def part(muscle: Muscle, region: Region, side: Side) -> MuscleResult | None:
        m = found.get(Part(muscle, region, side))
        return None if m is None or m.status in _NEVER else m

    def row(name: str, source: str, cell: Callable[[Side], Cell]) -> SurgeonRow:
        return SurgeonRow(name, cell(Side.RIGHT), cell(Side.LEFT), source)

    def of_region(muscle: Muscle, region: Region, source: str) -> SurgeonRow:
        return row(f"{muscle.facts.short.capitalize()}, {region}", source, lambda side: _fat_and_grade(part(muscle, region, side)))

    medius, minimus, tensor = Muscle.GLUTEUS_MEDIUS, Muscle.GLUTEUS_MINIMUS, Muscle.TENSOR_FASCIAE_LATAE
    rows = (
        row("Fatty degeneration index of medius", _THAUNAT, lambda side: _index([part(medius, r, side) for r in REGIONS[medius]])),
        *(of_region(medius, region, _EBERT) for region in REGIONS[medius]),
        *(of_region(minimus, region, source) for region, source in _of_minimus(found)),
        row(f"{muscle_name(tensor)}, ml", _TENSOR, lambda side: _volume(part(tensor, Region.WHOLE, side))),
        row("Tensor over medius, volume", _RATIO, lambda side: _ratio(part(tensor, Region.WHOLE, side), part(medius, Region.WHOLE, side))),
    )
    return tuple(r for r in rows if (r.right.text, r.left.text) != (DASH, DASH))


def _of_minimus(found: Iterable[Part]) -> tuple[tuple[Region, str], ...]:
    """The regions of minimus with what is known of each: the posterior first; all three, front to back, where it is told in thirds."""
    if not any((part.muscle, part.region) == (Muscle.GLUTEUS_MINIMUS, Region.MIDDLE) for part in found):
        return (Region.POSTERIOR, _PFIRRMANN), (Region.ANTERIOR, _ANTERIOR)
    known = {Region.ANTERIOR: f"; {_ANTERIOR}", Region.POSTERIOR: f"; {_PFIRRMANN}"}
    return tuple((region, _EBERT + known.get(region, "")) for region in REGIONS[Muscle.GLUTEUS_MINIMUS])


def _index(regions: list[MuscleResult | None]) -> Cell:
    """Mean grade; a dash where one of the regions has none."""
    graded = [m for m in regions if m is not None and m.grade(_GOUTALLIER) is not None]
    if not regions or len(graded) < len(regions):
        return Cell(DASH)
    grades = [m.grade(_GOUTALLIER) or 0 for m in graded]
    return Cell(number(sum(grades) / len(grades), 2), " + ".join(map(str, grades)), _mark(*graded))


def _fat_and_grade(m: MuscleResult | None) -> Cell:
    if m is None or math.isnan(m.fat_shown.value):
        return Cell(DASH)
    return Cell(f"{percent(m.fat_shown.value)} %", grade_text(m.graded(_GOUTALLIER)), _mark(m))


def _volume(m: MuscleResult | None) -> Cell:
    return Cell(DASH) if m is None or not _is_whole(m) else Cell(millilitres(m.volume_ml), "", _mark(m))


def _ratio(over: MuscleResult | None, under: MuscleResult | None) -> Cell:
    if over is None or under is None or not (_is_whole(over) and _is_whole(under)) or not under.volume_ml > 0:
        return Cell(DASH)
    return Cell(number(over.volume_ml / under.volume_ml, 2), "", _mark(over, under))


def _is_whole(m: MuscleResult) -> bool:
    return not m.cut_at and not math.isnan(m.volume_ml)


def _mark(*muscles: MuscleResult) -> str:
    return "review" if any(m.status is MuscleStatus.NEEDS_REVIEW for m in muscles) else ""
