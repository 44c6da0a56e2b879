"""The tables of a report, row by row, numbers as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gluteal_grade.report.html.numbers import interval, millilitres, number, percent, signed
from gluteal_grade.report.html.prior import Prior, PriorRow
from gluteal_grade.report.readings import grade_text, percentile_text, probability_text, z_text
from gluteal_grade.report.words import DASH, muscle_name, plain, series_name, status_text, why_text
from gluteal_grade.result import Asymmetry, MuscleResult, MuscleStatus, StudyResult, scales_of
from gluteal_grade.vocabulary import ALL_PARTS, REGIONS, Muscle, Part, Region, Scale, Side

LITTLE_OEDEMA = 0.005  # share that rounds to nothing
_MUCH_EVALUABLE = 0.9  # a region of which less could be measured is told
_PARTS = {
    "partial_volume": "partial volume",
    "rim": "rim",
    "border": "border",
    "segmentation": "segmen\N{SOFT HYPHEN}tation",
    "map": "fat map",
    "method": "method",
    "noise": "noise",
    "not_seen": "not seen",
    "fat_scale": "fat scale",
}

_PLACES = {
    (muscle, region, side): n
    for n, (muscle, region, side) in enumerate((m, r, s) for m in Muscle for r in (Region.WHOLE, *REGIONS[m]) for s in Side)
}


@dataclass(frozen=True)
class Cell:
    """A number and the small text beneath it; `mark` for its look."""

    text: str
    small: str = ""
    mark: str = ""


@dataclass(frozen=True)
class GradeRow:
    """One muscle or region: per quantity a pair of cells, right and left."""

    name: str
    region: bool
    pairs: tuple[tuple[Cell, Cell], ...]


@dataclass(frozen=True)
class StatusRow:
    """One muscle or region on one side: norms and how far it was measured."""

    name: str
    side: str
    region: bool
    fat_z: Cell
    volume_z: Cell
    status: str
    mark: str


def listed(result: StudyResult) -> dict[Part, MuscleResult]:
    """What the result lists, in the order of the tables: muscles before their regions, right before left."""
    found = {Part(m.muscle, m.region, m.side): m for m in result.muscles}
    return {part: found[part] for part in sorted(found, key=lambda p: _PLACES[p.muscle, p.region, p.side])}


def grade_rows(result: StudyResult) -> tuple[GradeRow, ...]:
    """Fat fraction that is graded, the grades of each scale, mean fat of the whole outline, volume and lean volume, right beside left."""
    found, scales = listed(result), scales_of(result)
    rows = []
    for muscle, region in dict.fromkeys((p.muscle, p.region) for p in found):
        both = [found.get(Part(muscle, region, side)) for side in Side]
        cells = [_cells(m, scales) for m in both]
        name = muscle_name(muscle) if region is Region.WHOLE else region.value
        rows.append(GradeRow(name, region is not Region.WHOLE, tuple((right, left) for right, left in zip(*cells, strict=True))))
    return tuple(rows)


def _cells(m: MuscleResult | None, scales: Sequence[Scale]) -> tuple[Cell, ...]:
    if m is None:
        return (Cell(DASH),) * (4 + len(scales))
    mark = "review" if m.status is MuscleStatus.NEEDS_REVIEW else ""
    fat = m.fat_shown
    shown = Cell(percent(fat.value), interval(100 * fat.low, 100 * fat.high), mark)
    graded = tuple(Cell(grade_text(m.graded(s.key)), probability_text(m.probability(s.key)), mark) for s in scales)
    return (shown, *graded, Cell(percent(m.fat_fraction)), Cell(millilitres(m.volume_ml)), Cell(millilitres(m.lean_shown_ml)))


def status_rows(result: StudyResult) -> tuple[StatusRow, ...]:
    """Every whole muscle; a region where there is something to say of it."""
    rows = []
    for part, m in listed(result).items():
        whole = part.region is Region.WHOLE
        if not whole and not _worth_a_row(m):
            continue
        fat, volume = (
            Cell(z_text(n.z), percentile_text(n.percentile)) if n is not None else Cell(DASH if whole else "")
            for n in (m.fat_norm, m.norm("volume_ml"))
        )
        mark = {MuscleStatus.NEEDS_REVIEW: "review", MuscleStatus.MISSING: "missing", MuscleStatus.NOT_GRADABLE: "missing"}.get(
            m.status, ""
        )
        name = muscle_name(part.muscle) if whole else f"{muscle_name(part.muscle)}, {part.region}"
        rows.append(StatusRow(name, part.side, not whole, fat, volume, plain(status_text(m)), mark if whole or mark == "missing" else ""))
    return tuple(rows)


def _worth_a_row(m: MuscleResult) -> bool:
    """A region of which something is told that its muscle's row does not say."""
    lost = m.status in (MuscleStatus.MISSING, MuscleStatus.NOT_GRADABLE)
    return lost or m.evaluable_share < _MUCH_EVALUABLE or m.oedema_share >= LITTLE_OEDEMA


def asymmetry_rows(result: StudyResult) -> tuple[tuple[str, bool, tuple[str, ...], str], ...]:
    """Name, whether a region, differences of fat (points), volume and lean volume (percent), remark; no row where nothing was compared."""
    found = {(a.muscle, a.region): a for a in result.asymmetry}
    if all(math.isnan(v) for a in found.values() for v in _values(result, a)):
        return ()
    order = dict.fromkeys((p.muscle, p.region) for p in ALL_PARTS)
    rows = []
    for muscle, region in order:
        if (a := found.get((muscle, region))) is not None:
            whole = region is Region.WHOLE
            name = muscle_name(muscle) if whole else region.value
            rows.append((name, not whole, tuple(signed(v, 1) for v in _values(result, a)), why_text(a.reason)))
    return tuple(rows)


def no_asymmetry(result: StudyResult) -> str:
    """Why the sides were not compared."""
    return "; ".join(dict.fromkeys(why_text(a.reason) for a in result.asymmetry if a.reason))


def _values(result: StudyResult, a: Asymmetry) -> tuple[float, ...]:
    return (result.points_shown(a), a.volume_difference_percent, result.lean_percent_shown(a))


def part_columns(result: StudyResult) -> tuple[tuple[str, str], ...]:
    """Code and name of what makes the intervals of this study wide."""
    used = {name for m in result.muscles for name in m.parts_shown}
    return tuple((name, _PARTS.get(name, name.replace("_", " "))) for name in (*_PARTS, *sorted(used - set(_PARTS))) if name in used)


def part_rows(result: StudyResult) -> tuple[tuple[str, str, tuple[Cell, ...]], ...]:
    """Muscle, side, and below and above in points for each column; the largest of a row is marked."""
    columns = [name for name, _ in part_columns(result)]
    rows = []
    for part, m in listed(result).items():
        if part.region is not Region.WHOLE or not m.parts_shown:
            continue
        size = {name: max(p.below, p.above) for name, p in m.parts_shown.items()}
        most = max(size, key=lambda name: size[name])
        cells = []
        for name in columns:
            p = m.parts_shown.get(name)
            text = DASH if p is None else f"{number(100 * p.below, 1)} / {number(100 * p.above, 1)}"
            cells.append(Cell(text, mark="most" if name == most and size[name] > 0 else ""))
        rows.append((muscle_name(part.muscle), part.side.value, tuple(cells)))
    return tuple(rows)


def series_rows(result: StudyResult) -> tuple[tuple[str, ...], ...]:
    """Series, contrast and why it was taken for that, plane, matrix and spacing, whether it was used."""
    rows = []
    for s in result.series:
        spacing = " x ".join(number(v, 2) for v in s.spacing_mm) if s.spacing_mm else DASH
        matrix = " x ".join(str(v) for v in s.shape) if s.shape else DASH
        kind = s.kind.replace("_", " ")
        name = series_name(s.id, "")
        mars = f"metal-artifact reduction: {plain(s.mars_reason)}" if s.mars else ""
        taken = "; ".join(t for t in (plain(s.kind_reason), mars) if t)
        rows.append((name, kind, taken, s.plane, matrix, spacing, "used" if s.used else plain(s.why_not) or "not used"))
    return tuple(rows)


def prior_rows(prior: Prior) -> tuple[tuple[str, str, bool, tuple[Cell, ...], str], ...]:
    """Muscle, side, whether a region; fat then and now, change, SDC, grade, volume; words, of a region only where it was not judged."""
    rows = []
    for r in sorted(prior.rows, key=lambda r: _PLACES[r.muscle, r.region, r.side]):
        whole = r.region is Region.WHOLE
        grade = DASH if r.grade_then is None or r.grade_now is None else f"{r.grade_then} \N{RIGHTWARDS ARROW} {r.grade_now}"
        volume = (
            Cell(DASH)
            if math.isnan(r.volume_change_ml)
            else Cell(_volume_change(r.volume_change_ml), _volume_under(r), "beyond" if r.volume_beyond else "")
        )
        bounds = "" if math.isnan(r.change_low) else f"{signed(r.change_low, 1)} to {signed(r.change_high, 1)}"
        cells = (
            Cell(percent(r.fat_then)),
            Cell(percent(r.fat_now)),
            Cell(signed(r.change_points, 1), bounds, "beyond" if r.beyond else ""),
            Cell(number(r.sdc_points, 1)),
            Cell(grade),
            volume,
        )
        name = muscle_name(r.muscle) if whole else r.region.value
        rows.append((name, r.side.value, not whole, cells, plain(r.words) if whole or r.beyond is None else ""))
    return tuple(rows)


def _volume_under(r: PriorRow) -> str:
    sdc = "" if math.isnan(r.volume_sdc_ml) else f"SDC {number(r.volume_sdc_ml, 1)}"
    return "; ".join(part for part in (_percent(r.volume_change_percent), sdc) if part)


def _volume_change(ml: float) -> str:
    return signed(ml, 1 if abs(ml) < 9.95 else 0)


def _percent(value: float) -> str:
    return "" if math.isnan(value) else f"{signed(value, 1)} %"
