"""`cohort.csv` and `cohort.parquet`: the muscles of every study with a result, one after another."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.dictionary import write_dictionary
from gluteal_grade.cohort.scales import scale_keys, scales_of_cohort
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.files import whole, write_table
from gluteal_grade.grading import known_scales
from gluteal_grade.report import MUSCLES, Place
from gluteal_grade.result import MuscleStatus, muscle_columns, scales_by_key
from gluteal_grade.vocabulary import Column, ColumnType, Region, Scale, names


def rows_of(out: Path, place: Place) -> list[dict[str, str]]:
    """One study's rows as `muscles.csv` has them, all its columns.

    Raises:
        TransientFailure: `read_failed`.
    """
    try:
        return _read(place.find(out, MUSCLES))
    except OSError as error:
        raise _unreadable(place) from error


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        if path.suffix == ".csv":
            return list(csv.DictReader(stream))
        found = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        types = {column.name: column.type for column in muscle_columns(scales_by_key(scale_keys(found.fieldnames or ())))}
        return [{name: _from_bids(value, types.get(name, "text")) for name, value in row.items()} for row in found]


def _from_bids(value: str, type_: ColumnType) -> str:
    if value != "n/a":
        return value
    return "NaN" if type_ in ("number", "whole") else ""


def write_muscles(out: Path, places: Iterable[Place]) -> Counter[str]:
    """Write both tables; memory does not grow with the number of studies.

    A column that an older version did not write is empty, as is a scale on which other studies of the cohort were graded.

    Returns:
        whole muscles that need review, by study.
    """
    doubtful: Counter[str] = Counter()
    found = tuple(places)
    columns = muscle_columns(_scales(out, found))
    wanted = names(columns)

    def rows() -> Iterator[dict[str, str]]:
        for place in found:
            for row in rows_of(out, place):
                doubtful[row["study"]] += row["status"] == MuscleStatus.NEEDS_REVIEW and row["region"] == Region.WHOLE
                yield {name: row.get(name, "") for name in wanted}

    write_table(out / "cohort.csv", wanted, rows())
    write_dictionary(out / "cohort.json", columns)
    _write_parquet(out / "cohort.csv", out / "cohort.parquet", columns)
    return doubtful


def _scales(out: Path, places: Sequence[Place]) -> tuple[Scale, ...]:
    """All on which a study was graded, in the order in which they occur; of a cohort without results the shipped ones."""
    keys: dict[str, None] = {}
    for place in places:
        try:
            with place.find(out, MUSCLES).open(encoding="utf-8", newline="") as stream:
                header = re.split(r"[,\t]", stream.readline().strip())
        except OSError as error:
            raise _unreadable(place) from error
        keys.update(dict.fromkeys(scale_keys(header)))
    return scales_of_cohort(out, places, tuple(keys)) if keys else known_scales()


def _unreadable(place: Place) -> TransientFailure:
    return TransientFailure(Reason.READ_FAILED, f"{place.folder}: its table cannot be read")


def _write_parquet(table: Path, path: Path, columns: Sequence[Column]) -> None:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    types: dict[str, Any] = {"text": pa.string(), "number": pa.float64(), "whole": pa.int16(), "flag": pa.bool_()}
    fields = {column.name: types[column.type] for column in columns}
    schema = pa.schema(list(fields.items()))
    convert = arrow_csv.ConvertOptions(column_types=fields, null_values=["", "NaN"], strings_can_be_null=True)
    with whole(path) as scratch, parquet.ParquetWriter(scratch, schema, compression="zstd") as writer:
        for batch in _batches(table, convert):
            writer.write_batch(batch)


def _batches(table: Path, convert: Any) -> Iterator[Any]:
    from pyarrow import csv as arrow_csv

    with arrow_csv.open_csv(table, convert_options=convert) as reader:
        yield from reader
