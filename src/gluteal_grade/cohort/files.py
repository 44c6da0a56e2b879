"""Files of a cohort appear under their name only when whole."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gluteal_grade.errors import Reason, TransientFailure


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write to, which becomes `path` at the end of the block, or goes if the block fails.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    scratch = path.with_name(f".{path.name}.partial")
    try:
        yield scratch
        os.replace(scratch, path)  # noqa: PTH105 - Path.replace is the same
    except OSError as error:
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, error.strerror or "cannot be written") from error
    finally:
        scratch.unlink(missing_ok=True)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """CSV as `muscles.csv`: UTF-8, comma, full stop, header line, LF; a row lacking a column is empty there."""
    with whole(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
