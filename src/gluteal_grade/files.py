"""Files of a cohort appear under their name only when whole."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from gluteal_grade.errors import Reason, RefusedInput, not_writable

ESCAPED = "backslashreplace"  # what Python calls it


def escaped(text: str) -> str:
    r"""Text that any file can hold: bytes of a name that are not UTF-8 stand as in JSON.

    >>> escaped("M\udcfcller")
    'M\\udcfcller'
    """
    return text.encode("utf-8", ESCAPED).decode()


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write to, which becomes `path` at the end of the block, or goes if the block fails.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    scratch = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield scratch
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(error) from error


@contextmanager
def table_writer(path: Path, columns: Sequence[str]) -> Iterator[csv.DictWriter[str]]:
    """The same, row by row."""
    with whole(path) as scratch, scratch.open("w", encoding="utf-8", errors=ESCAPED, newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        yield writer


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """CSV as `muscles.csv`: UTF-8, comma, full stop, header line, LF; a row lacking a column is empty there."""
    with table_writer(path, columns) as writer:
        writer.writerows(rows)


def write_text(path: Path, text: str) -> Path:
    """Write UTF-8 with LF, whole or not at all.

    Examples:
        >>> write_text(Path("notes.txt"), "as it was said").read_text()
        'as it was said'

    Raises:
        TransientFailure: `output_not_writable`.
    """
    with whole(path) as scratch:
        scratch.write_text(text, encoding="utf-8", errors=ESCAPED, newline="\n")
    return path


def usual_separator(text: str) -> str:
    """Of a table that a user wrote: comma, or tab or semicolon where the first line has no comma.

    Examples:
        >>> usual_separator("path;age"), usual_separator("path,age;years")
        (';', ',')
    """
    first = text.split("\n", 1)[0]
    return next((mark for mark in ("\t", ";") if mark in first and "," not in first), ",")


def user_rows(
    path: Path, reason: Reason, named: str = "", separator: Callable[[str], str] = usual_separator
) -> list[tuple[int, list[str]]]:
    """Rows of a CSV that a user wrote, header first: number of the line each ends on, and its cells as they stand; blank rows are left out.

    UTF-8, with a byte order mark or without. What the columns mean and which there must be is the caller's.

    Args:
        path: the file.
        reason: what it is refused with.
        named: what messages call it, e.g. ``the manifest``; no message repeats a cell or the path.
        separator: finds it in the text.

    Raises:
        RefusedInput: `reason`: it is no UTF-8 text, or no CSV.
        OSError: it cannot be read; the caller knows what that means.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedInput(reason, f"{named} is not UTF-8 text" if named else "not UTF-8 text") from error
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator(text), strict=True)
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise RefusedInput(reason, "a quote is not closed, or a line is no CSV") from error
