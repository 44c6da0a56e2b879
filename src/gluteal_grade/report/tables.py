"""Results as tables: `muscles.csv` for statistics, a console table for people."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gluteal_grade.anatomy import Region
from gluteal_grade.results import MuscleResult, MuscleStatus, StudyResult

COLUMNS = (
    "study",
    "side",
    "muscle",
    "region",
    "volume_ml",
    "lean_volume_ml",
    "fat_fraction",
    "fat_area_fraction",
    "quartile",
    "goutallier",
    "bal_lowe",
    "coverage",
    "status",
    "reason",
    "method",
    "fat_fraction_median",
    "fat_fraction_q1",
    "fat_fraction_q3",
    "ct_lean_share",
    "evaluable_share",
    "largest_section_cm2",
)


def rows(result: StudyResult) -> list[dict[str, str]]:
    """One row per muscle or region and side, values as text; what could not be measured is ``NaN``, a missing reason empty."""
    return [_row(result, m) for m in result.muscles]


def write_csv(result: StudyResult, path: Path) -> None:
    """`muscles.csv`: UTF-8, comma, full stop, header line, LF."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(result))


def _row(result: StudyResult, m: MuscleResult) -> dict[str, str]:
    return {
        "study": result.study,
        "side": m.side,
        "muscle": m.muscle,
        "region": m.region,
        "volume_ml": _number(m.volume_ml, 2),
        "lean_volume_ml": _number(m.lean_volume_ml, 2),
        "fat_fraction": _number(m.fat_fraction, 4),
        "fat_area_fraction": _number(m.fat_area_fraction, 4),
        "quartile": _grade(m, "quartile"),
        "goutallier": _grade(m, "goutallier"),
        "bal_lowe": _grade(m, "bal_lowe"),
        "coverage": _number(m.coverage, 3),
        "status": m.status,
        "reason": m.reason or "",
        "method": result.fat.method if result.fat else "",
        "fat_fraction_median": _number(m.fat_fraction_median, 4),
        "fat_fraction_q1": _number(m.fat_fraction_q1, 4),
        "fat_fraction_q3": _number(m.fat_fraction_q3, 4),
        "ct_lean_share": _number(m.ct_lean_share, 4),
        "evaluable_share": _number(m.evaluable_share, 4),
        "largest_section_cm2": _number(m.largest_section.area_cm2 if m.largest_section else math.nan, 2),
    }


def _number(value: float, digits: int) -> str:
    return "NaN" if math.isnan(value) else f"{value:.{digits}f}"


def _grade(m: MuscleResult, scale: str) -> str:
    grade = m.grade(scale)
    return "NaN" if grade is None else str(grade)


def print_result(result: StudyResult, console: Console) -> None:
    """The study's table, its cautions and how fat was measured."""
    if result.fat:
        console.print(f"Study {result.study}: fat by {result.fat.method} from series {', '.join(result.fat.series)} ({result.fat.why})")
    if result.muscles:
        console.print(_table(result))
    if result.refusal:
        console.print(Text.assemble(("Not graded: ", "bold red"), f"{result.refusal.reason}: {result.refusal.detail}"), soft_wrap=True)
        console.print(f"  {result.refusal.advice}", soft_wrap=True)
    for note in result.notes:
        console.print(Text.assemble(("Note ", "yellow"), f"{note.reason}: {note.detail}"), soft_wrap=True)
    console.print(Text(result.disclaimer, style="dim"))


def _table(result: StudyResult) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for name, right in (
        ("side", False),
        ("muscle", False),
        ("volume ml", True),
        ("fat %", True),
        ("Quartile", True),
        ("Goutallier", True),
        ("Bal & Lowe", True),
        ("status", False),
    ):
        table.add_column(name, justify="right" if right else "left")
    previous = None
    for m in result.muscles:
        if previous is not None and previous is not m.side:
            table.add_section()
        previous = m.side
        name = m.muscle.removeprefix("gluteus_") if m.region is Region.WHOLE else f"  {m.region}"
        status = m.status.replace("_", " ") if m.status is not MuscleStatus.GRADED else "graded"
        if m.detail and m.region is Region.WHOLE:
            status = f"{status}: {m.detail}"
        cells = (
            _human(m.volume_ml, 0),
            _human(100 * m.fat_fraction, 1),
            *(_dash(m.grade(s)) for s in ("quartile", "goutallier", "bal_lowe")),
        )
        table.add_row(m.side, name, *cells, status)
    return table


def _human(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _dash(grade: int | None) -> str:
    return "-" if grade is None else str(grade)
