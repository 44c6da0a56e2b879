"""`cohort.xlsx`: the tables of a cohort and what their columns are, for people who open them in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gluteal_grade.cohort.columns import REFUSALS, STUDIES
from gluteal_grade.cohort.scales import scales_of_folder
from gluteal_grade.errors import Reason, RefusedInput, not_writable
from gluteal_grade.files import whole
from gluteal_grade.result import muscle_columns
from gluteal_grade.vocabulary import Column

WORKBOOK = "cohort.xlsx"
AT_ONCE = 20_000  # rows of muscles up to which a batch writes it; some 10 s for so many
_SHEET_ROWS = 1_048_575  # below the header; Excel has no more
_CELL = 32_767  # characters; Excel has no more
_MADE = datetime(2000, 1, 1)  # equal tables, equal bytes
_WIDEST = 40  # characters
_DICTIONARY = ("table", "column", "type", "unit", "description", "levels")


def write_workbook(out: Path, path: Path | None = None) -> Path:
    """Write `cohort.csv`, `studies.csv` and `refusals.csv` as sheets of one workbook, and a sheet that says what each column is.

    Numbers are numbers, what is missing is an empty cell, and no text is taken for a formula or a link.

    Args:
        out: the output of a batch.
        path: of the workbook; None: `cohort.xlsx` in there.

    Returns:
        where it is.

    Raises:
        RefusedInput: `no_results`: one of the tables is not there; `result_damaged`: it is no table.
        TransientFailure: `output_not_writable`.
    """
    from xlsxwriter import Workbook

    tables = {"muscles": out / "cohort.csv", "studies": out / "studies.csv", "refusals": out / "refusals.csv"}
    if missing := [table.name for table in tables.values() if not table.is_file()]:
        raise RefusedInput(Reason.NO_RESULTS, f"{', '.join(missing)} not there; `gluteal-grade cohort summary` makes them")
    columns: dict[str, Sequence[Column]] = {
        "muscles": muscle_columns(scales_of_folder(out)),
        "studies": STUDIES,
        "refusals": REFUSALS,
    }
    path = path or out / WORKBOOK
    with (
        whole(path) as scratch,
        _scratch_folder(path.parent) as parts,
        Workbook(scratch, {"constant_memory": True, "tmpdir": parts}) as book,
    ):
        book.set_properties({"title": "gluteal_grade cohort", "comments": "Research use. Not a medical device.", "created": _MADE})
        bold = book.add_format({"bold": True})
        for name, table in tables.items():
            _add_table(book, name, table, {column.name: column for column in columns[name]}, bold)
        _add_dictionary(book, columns, bold)
    return path


def renew_workbook(out: Path) -> None:
    """After a batch: write it, or take an older one away where the cohort has grown beyond `AT_ONCE`."""
    with (out / "cohort.csv").open("rb") as stream:
        few = sum(1 for _ in islice(stream, AT_ONCE + 2)) <= AT_ONCE + 1
    if few:
        write_workbook(out)
    else:
        (out / WORKBOOK).unlink(missing_ok=True)


@contextmanager
def _scratch_folder(beside: Path) -> Iterator[str]:
    """For the sheets while they grow: beside the workbook, as nothing is written elsewhere."""
    try:
        with TemporaryDirectory(prefix=".workbook.", suffix=".partial", dir=beside) as folder:
            yield folder
    except OSError as error:
        raise not_writable(error) from error


def _add_table(book: Any, name: str, table: Path, columns: dict[str, Column], bold: Any) -> None:
    with table.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, strict=True)
        try:
            header = list(rows.fieldnames or ())
            for number, part in enumerate(_parts(rows), start=1):
                sheet = book.add_worksheet(name if number == 1 else f"{name} {number}")
                numeric = [one in columns and columns[one].type in ("number", "whole") for one in header]
                _begin(sheet, header, bold)
                last = 0
                for last, row in enumerate(part, start=1):
                    for place, (one, is_number) in enumerate(zip(header, numeric, strict=True)):
                        _write(sheet, last, place, row[one], is_number=is_number)
                sheet.autofilter(0, 0, last, len(header) - 1)
        except (csv.Error, TypeError, ValueError) as error:
            raise RefusedInput(Reason.RESULT_DAMAGED, f"{table.name} is no table as a batch writes it") from error


def _parts(rows: Iterator[dict[str, str]]) -> Iterator[Iterator[dict[str, str]]]:
    """As many rows as a sheet holds at a time; one part where there is none."""
    yield islice(rows, _SHEET_ROWS)
    while (first := next(rows, None)) is not None:
        yield islice(chain([first], rows), _SHEET_ROWS)


def _begin(sheet: Any, header: Sequence[str], bold: Any) -> None:
    for place, one in enumerate(header):
        sheet.set_column(place, place, min(max(len(one) + 2, 9), _WIDEST))
        sheet.write_string(0, place, one, bold)
    sheet.freeze_panes(1, 1)


def _write(sheet: Any, row: int, place: int, value: str, *, is_number: bool) -> None:
    if value in ("", "NaN"):
        return
    if is_number:
        sheet.write_number(row, place, float(value))
    else:
        sheet.write_string(row, place, value if len(value) <= _CELL else f"{value[: _CELL - 1]}\N{HORIZONTAL ELLIPSIS}")


def _add_dictionary(book: Any, tables: dict[str, Sequence[Column]], bold: Any) -> None:
    sheet = book.add_worksheet("dictionary")
    _begin(sheet, _DICTIONARY, bold)
    lines = [(name, column) for name, columns in tables.items() for column in columns]
    for row, (name, column) in enumerate(lines, start=1):
        levels = "; ".join(f"{value}: {meaning}" for value, meaning in column.levels.items())
        for place, text in enumerate((name, column.name, column.type, column.unit, column.description, levels)):
            _write(sheet, row, place, text, is_number=False)
    sheet.autofilter(0, 0, len(lines), len(_DICTIONARY) - 1)
