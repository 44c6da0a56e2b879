"""`cohort.csv` and `cohort.parquet`: the muscles of every study with a result, one after another."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.dictionary import columns_of, write_dictionary
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.files import whole, write_table
from gluteal_grade.report.layout import MUSCLES, Place
from gluteal_grade.report.tables import COLUMNS
from gluteal_grade.result.models import MuscleStatus
from gluteal_grade.vocabulary import Region


def rows_of(out: Path, place: Place) -> list[dict[str, str]]:
    """One study's rows as `muscles.csv` has them; a column that an older version did not write is empty.

    Raises:
        TransientFailure: `read_failed`.
    """
    try:
        return _read(place.find(out, MUSCLES))
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, f"{place.folder}: its table cannot be read") from error


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        if path.suffix == ".csv":
            return [{name: row.get(name, "") for name in COLUMNS} for row in csv.DictReader(stream)]
        found = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [{name: _from_bids(name, row.get(name, "n/a")) for name in COLUMNS} for row in found]


def _from_bids(name: str, value: str) -> str:
    if value != "n/a":
        return value
    return "NaN" if columns_of("muscles")[name]["type"] in ("number", "whole") else ""


def write_muscles(out: Path, places: Iterable[Place]) -> Counter[str]:
    """Write both tables; memory does not grow with the number of studies.

    Returns:
        whole muscles that need review, by study.
    """
    doubtful: Counter[str] = Counter()

    def rows() -> Iterator[dict[str, str]]:
        for place in places:
            for row in rows_of(out, place):
                doubtful[row["study"]] += row["status"] == MuscleStatus.NEEDS_REVIEW and row["region"] == Region.WHOLE
                yield row

    write_table(out / "cohort.csv", COLUMNS, rows())
    write_dictionary(out / "cohort.json", "muscles")
    _write_parquet(out / "cohort.csv", out / "cohort.parquet")
    return doubtful


def _write_parquet(table: Path, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    types: dict[str, Any] = {"text": pa.string(), "number": pa.float64(), "whole": pa.int16(), "flag": pa.bool_()}
    fields = {name: types[column["type"]] for name, column in columns_of("muscles").items()}
    schema = pa.schema(list(fields.items()))
    convert = arrow_csv.ConvertOptions(column_types=fields, null_values=["", "NaN"], strings_can_be_null=True)
    with whole(path) as scratch, parquet.ParquetWriter(scratch, schema, compression="zstd") as writer:
        for batch in _batches(table, convert):
            writer.write_batch(batch)


def _batches(table: Path, convert: Any) -> Iterator[Any]:
    from pyarrow import csv as arrow_csv

    with arrow_csv.open_csv(table, convert_options=convert) as reader:
        yield from reader
