"""Results as tables: `muscles.csv` for statistics, a console table for people."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gluteal_grade.errors import Reason
from gluteal_grade.report.readings import NO_INTERVAL, grade_text, interval_text, norm_lines
from gluteal_grade.result.models import MuscleResult, MuscleStatus, StudyResult
from gluteal_grade.vocabulary import Region, Side

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
    "grade_mark",
    "fat_fraction_median",
    "fat_fraction_q1",
    "fat_fraction_q3",
    "ct_lean_share",
    "evaluable_share",
    "oedema_share",
    "largest_section_cm2",
    "checks",
    "fat_fraction_low",
    "fat_fraction_high",
    "quartile_probability",
    "goutallier_probability",
    "bal_lowe_probability",
    "borderline",
    "volume_z",
    "fat_fraction_z",
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


def write_tsv(result: StudyResult, path: Path) -> None:
    """The same as BIDS has it: tabs, ``n/a`` for what is missing."""
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join("n/a" if row[name] in ("", "NaN") else row[name] for name in COLUMNS) for row in rows(result)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


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
        "method": m.method or "",
        "grade_mark": next((g.mark for g in m.grades if g.mark and g.grade is not None), ""),
        "fat_fraction_median": _number(m.fat_fraction_median, 4),
        "fat_fraction_q1": _number(m.fat_fraction_q1, 4),
        "fat_fraction_q3": _number(m.fat_fraction_q3, 4),
        "ct_lean_share": _number(m.ct_lean_share, 4),
        "evaluable_share": _number(m.evaluable_share, 4),
        "oedema_share": _number(m.oedema_share, 4),
        "largest_section_cm2": _number(m.largest_section.area_cm2 if m.largest_section else math.nan, 2),
        "checks": ";".join(dict.fromkeys(c.reason for c in m.checks)),
        "fat_fraction_low": _number(m.fat_fraction_low, 4),
        "fat_fraction_high": _number(m.fat_fraction_high, 4),
        "quartile_probability": _number(m.probability("quartile"), 3),
        "goutallier_probability": _number(m.probability("goutallier"), 3),
        "bal_lowe_probability": _number(m.probability("bal_lowe"), 3),
        "borderline": ";".join(f"{g.scale}:{g.borderline_with}" for g in m.grades if g.borderline_with is not None),
        "volume_z": _number(_z(result, m, "volume_ml"), 2),
        "fat_fraction_z": _number(_z(result, m, "fat_fraction"), 2),
    }


def _z(result: StudyResult, m: MuscleResult, quantity: str) -> float:
    """In the primary set of norms."""
    primary = result.norms.primary if result.norms else None
    return next((n.z for n in m.norms if n.source == primary and n.quantity == quantity), math.nan)


def _number(value: float, digits: int) -> str:
    return "NaN" if math.isnan(value) else f"{value:.{digits}f}"


def _grade(m: MuscleResult, scale: str) -> str:
    grade = m.grade(scale)
    return "NaN" if grade is None else str(grade)


def print_result(result: StudyResult, console: Console) -> None:
    """The study's table, its cautions and how fat was measured."""
    if result.fat:
        console.print(f"Study {result.study}: fat by {result.fat.method} from series {', '.join(result.fat.series)} ({result.fat.why})")
    if other := result.fat_beside_metal:
        console.print(f"  {' and '.join(other.sides)}: by {other.method} from series {', '.join(other.series)} ({other.why})")
    if result.muscles:
        console.print(_table(result))
        for remark in _remarks(result):
            console.print(remark, soft_wrap=True, markup=False)
    if result.refusal:
        console.print(Text.assemble(("refused: ", "bold red"), f"{result.refusal.reason}: {result.refusal.detail}"), soft_wrap=True)
        console.print(f"  {result.refusal.advice}", soft_wrap=True)
    for statement in result.statements:
        console.print(Text.assemble(("Reading ", "cyan"), f"{statement.text} [{statement.source}]"), soft_wrap=True)
    if norms := norm_lines(result):
        console.print(Text.assemble(("Norms ", "cyan"), " ".join(norms)), soft_wrap=True)
    for note in result.notes:
        console.print(Text.assemble(("Note ", "yellow"), f"{note.reason}: {note.detail}"), soft_wrap=True)
    console.print(Text(result.disclaimer, style="dim"))


def _table(result: StudyResult) -> Table:
    table = Table(show_edge=False, padding=(0, 1, 0, 0), box=box.SIMPLE_HEAD)  # narrow: 80 columns hold it
    table.add_column("muscle", no_wrap=True)
    for name in ("ml", "fat % (95 %)", "Quartile", "Goutallier", "B & L"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for side in Side:
        muscles = [m for m in result.muscles if m.side is side]
        if muscles and all(m.reason is Reason.SIDE_NOT_LABELLED for m in muscles):
            table.add_row(f"{side}: no labels", *["-"] * 5, "missing")
        for m in muscles:
            if m.reason is Reason.SIDE_NOT_LABELLED:
                continue
            name = f"{side} {m.muscle.removeprefix('gluteus_')}" if m.region is Region.WHOLE else f"  {m.region}"
            grades = (grade_text(m.graded(s)) for s in ("quartile", "goutallier", "bal_lowe"))
            table.add_row(name, _human(m.volume_ml, 0), _fat(m), *grades, m.status.replace("_", " "))
        table.add_section()
    return table


def _remarks(result: StudyResult) -> list[str]:
    """Why a muscle is partial, not gradable, missing or in need of review; a side without labels stands in the table."""
    whole = [m for m in result.muscles if m.region is Region.WHOLE and m.reason and m.reason is not Reason.SIDE_NOT_LABELLED]
    return [f"{m.side} {m.muscle.replace('_', ' ')}: {_why(m)}" for m in whole]


def _why(m: MuscleResult) -> str:
    return f"needs review: {'; '.join(c.detail for c in m.checks)}" if m.status is MuscleStatus.NEEDS_REVIEW else m.detail


def _fat(m: MuscleResult) -> str:
    interval = interval_text(m)
    return _human(100 * m.fat_fraction, 1) + ("" if interval == NO_INTERVAL else f" ({interval})")


def _human(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
