"""Results as tables: `muscles.csv` and `slices.csv` for statistics, a console table for people."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gluteal_grade.errors import Reason
from gluteal_grade.report.readings import NO_INTERVAL, grade_text, interval_text, norm_lines
from gluteal_grade.result import SLICES, MuscleResult, MuscleStatus, StudyResult, muscle_columns, row, scales_of, slice_rows
from gluteal_grade.terminal import printable
from gluteal_grade.vocabulary import Region, Side, names

# the status column has eight characters at a width of 80; what is doubtful stands in full beneath the table
_SHORT = {MuscleStatus.NEEDS_REVIEW: "review", MuscleStatus.NOT_GRADABLE: "no grade"}


def rows(result: StudyResult) -> list[dict[str, str]]:
    """One row per muscle or region and side, values as text; what could not be measured is ``NaN``, a missing reason empty."""
    columns = muscle_columns(scales_of(result))
    return [row(result, m, columns) for m in result.muscles]


def write_csv(result: StudyResult, path: Path) -> None:
    """`muscles.csv`: UTF-8, comma, full stop, header line, LF."""
    _csv(path, names(muscle_columns(scales_of(result))), rows(result))


def write_tsv(result: StudyResult, path: Path) -> None:
    """The same as BIDS has it: tabs, ``n/a`` for what is missing."""
    _tsv(path, names(muscle_columns(scales_of(result))), rows(result))


def write_slices(result: StudyResult, path: Path, *, tabs: bool) -> None:
    """`slices.csv`, or the same as BIDS has it."""
    (_tsv if tabs else _csv)(path, names(SLICES), slice_rows(result))


def _csv(path: Path, header: Sequence[str], table: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def _tsv(path: Path, header: Sequence[str], table: Iterable[Mapping[str, str]]) -> None:
    lines = ["\t".join(header)]
    lines += ["\t".join("n/a" if one[name] in ("", "NaN") else one[name] for name in header) for one in table]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


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
        console.print(
            Text.assemble(("refused: ", "bold red"), printable(f"{result.refusal.reason}: {result.refusal.detail}")), soft_wrap=True
        )
        console.print(f"  {result.refusal.advice}", soft_wrap=True)
    for statement in result.statements:
        console.print(Text.assemble(("Reading ", "cyan"), f"{statement.text} [{statement.source}]"), soft_wrap=True)
    if norms := norm_lines(result):
        console.print(Text.assemble(("Norms ", "cyan"), " ".join(norms)), soft_wrap=True)
    for note in result.notes:
        console.print(Text.assemble(("Note ", "yellow"), printable(f"{note.reason}: {note.detail}")), soft_wrap=True)
    console.print(Text(result.disclaimer, style="dim"))


def _table(result: StudyResult) -> Table:
    table = Table(show_edge=False, padding=(0, 1, 0, 0), box=box.SIMPLE_HEAD)  # narrow: 80 columns hold it
    table.add_column("muscle", no_wrap=True)
    scales = scales_of(result)
    for name in ("ml", "fat % (95 %)", *(scale.narrow for scale in scales)):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for side in Side:
        muscles = [m for m in result.muscles if m.side is side]
        if muscles and all(m.reason is Reason.SIDE_NOT_LABELLED for m in muscles):
            table.add_row(f"{side}: no labels", *["-"] * (2 + len(scales)), "missing")
        for m in muscles:
            if m.reason is Reason.SIDE_NOT_LABELLED:
                continue
            name = f"{side} {m.muscle.short}" if m.region is Region.WHOLE else f"  {m.region}"
            grades = (grade_text(m.graded(scale.key)) for scale in scales)
            table.add_row(
                name, _human(m.volume_ml, int(m.volume_ml < 9.95)), _fat(m), *grades, _SHORT.get(m.status, m.status.replace("_", " "))
            )
        table.add_section()
    return table


def _remarks(result: StudyResult) -> list[str]:
    """Why a muscle is partial, not gradable, missing or in need of review; a side without labels stands in the table."""
    whole = [m for m in result.muscles if m.region is Region.WHOLE and m.reason and m.reason is not Reason.SIDE_NOT_LABELLED]
    return [f"{m.side} {m.muscle.words}: {_why(m)}" for m in whole]


def _why(m: MuscleResult) -> str:
    return f"needs review: {'; '.join(c.detail for c in m.checks)}" if m.status is MuscleStatus.NEEDS_REVIEW else m.detail


def _fat(m: MuscleResult) -> str:
    interval = interval_text(m)
    return _human(100 * m.fat_shown.value, 1) + ("" if interval == NO_INTERVAL else f" ({interval})")


def _human(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
