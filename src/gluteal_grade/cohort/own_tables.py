"""The tables that a batch wrote (`cohort.csv`, `studies.csv` ...), read back as text, for statistics, norms, papers and calibration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from gluteal_grade.errors import Reason, RefusedInput


def read_columns(path: Path, wanted: set[str] | None, needed: Sequence[str]) -> pd.DataFrame:
    """Some columns of a table that the program wrote, as text without space around it; all of them if `wanted` is None.

    Raises:
        RefusedInput: `no_results`: it is not there, no CSV, or lacks a needed column.
    """
    return pd.concat(list(pieces(path, wanted, needed)), ignore_index=True)


def pieces(path: Path, wanted: set[str] | None, needed: Sequence[str], rows: int = 100_000) -> Iterator[pd.DataFrame]:
    """The same, a part of the rows at a time: a cohort of any size fits."""
    some = None if wanted is None else lambda name: name in wanted
    try:
        with pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", usecols=some, chunksize=rows) as reader:
            for part in reader:
                if missing := [name for name in needed if name not in part.columns]:
                    raise RefusedInput(Reason.NO_RESULTS, f"{path.name} has no column {', '.join(missing)}")
                yield part.apply(lambda column: column.str.strip())
    except FileNotFoundError:
        raise RefusedInput(Reason.NO_RESULTS, f"{path.name} is not there") from None
    except (OSError, ValueError, UnicodeError) as error:  # pandas' parser errors are ValueErrors
        raise RefusedInput(Reason.NO_RESULTS, f"{path.name} cannot be read as CSV ({type(error).__name__})") from None
