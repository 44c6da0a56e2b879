"""Files of a cohort appear under their name only when whole."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gluteal_grade.errors import not_writable

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
