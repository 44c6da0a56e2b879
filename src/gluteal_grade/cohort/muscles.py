"""`cohort.csv` and `cohort.parquet`: the muscles of every study with a result, one after another."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from gluteal_grade.cohort.dictionary import write_dictionary
from gluteal_grade.cohort.scales import scale_keys, scales_of_cohort
from gluteal_grade.errors import Reason, RefusedInput, TransientFailure
from gluteal_grade.files import whole, write_table
from gluteal_grade.grading import known_scales
from gluteal_grade.report import MUSCLES, Place
from gluteal_grade.result import MuscleStatus, muscle_columns, scales_by_key
from gluteal_grade.vocabulary import GLUTEI, Column, ColumnType, Region, Scale, names


def rows_of(out: Path, place: Place) -> list[dict[str, str]]:
    """One study's rows as `muscles.csv` has them, all its columns.

    Raises:
        RefusedInput: `result_damaged`: it is not there, cut, or no such table.
        TransientFailure: `read_failed`.
    """
    try:
        text = place.find(out, MUSCLES).read_bytes().decode()
        return list(_parsed(text, tabs=bool(place.prefix)))
    except (FileNotFoundError, ValueError, csv.Error) as error:
        raise RefusedInput(Reason.RESULT_DAMAGED, "its muscles.csv is damaged or gone") from error
    except OSError as error:
        raise TransientFailure(Reason.READ_FAILED, f"{place.folder}: its table cannot be read") from error


def _parsed(text: str, *, tabs: bool) -> Iterator[dict[str, str]]:
    """Every row; ValueError where one has too few or too many cells, or text where a number belongs."""
    if not text.endswith("\n"):
        raise ValueError("cut")
    lines = StringIO(text, newline="")
    found = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if tabs else csv.DictReader(lines, strict=True)
    types = {column.name: column.type for column in muscle_columns(scales_by_key(scale_keys(found.fieldnames or ())))}
    if not {"study", "status", "region"} <= set(found.fieldnames or ()):
        raise ValueError("no such table")
    for row in found:
        if None in row or None in row.values():
            raise ValueError("cells")
        told = {name: _from_bids(value, types.get(name, "text")) for name, value in row.items()} if tabs else row
        for name, value in told.items():
            if types.get(name, "text") in ("number", "whole") and value:
                float(value)
        yield told


def _from_bids(value: str, type_: ColumnType) -> str:
    if value != "n/a":
        return value
    return "NaN" if type_ in ("number", "whole") else ""


def write_muscles(out: Path, places: Iterable[Place]) -> Counter[str]:
    """Write both tables; memory does not grow with the number of studies.

    A column that an older version did not write is empty, as is a scale on which other studies of the cohort were graded.

    Returns:
        whole glutei that need review, by study.
    """
    doubtful: Counter[str] = Counter()
    found = tuple(places)
    columns = muscle_columns(_scales(out, found))
    wanted = names(columns)

    def rows() -> Iterator[dict[str, str]]:
        for place in found:
            for row in rows_of(out, place):
                gluteus = row["region"] == Region.WHOLE and row["muscle"] in GLUTEI
                doubtful[row["study"]] += gluteus and row["status"] == MuscleStatus.NEEDS_REVIEW
                yield {name: row.get(name, "") for name in wanted}

    write_table(out / "cohort.csv", wanted, rows())
    write_dictionary(out / "cohort.json", columns)
    _write_parquet(out / "cohort.csv", out / "cohort.parquet", columns)
    return doubtful


def _scales(out: Path, places: Sequence[Place]) -> tuple[Scale, ...]:
    """All on which a study was graded, in the order in which they occur; of a cohort without results the shipped ones."""
    keys: dict[str, None] = {}
    for place in places:
        with place.find(out, MUSCLES).open(encoding="utf-8", newline="") as stream:
            header = re.split(r"[,\t]", stream.readline().strip())
        keys.update(dict.fromkeys(scale_keys(header)))
    return scales_of_cohort(out, places, tuple(keys)) if keys else known_scales()


def _write_parquet(table: Path, path: Path, columns: Sequence[Column]) -> None:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    types: dict[str, Any] = {"text": pa.string(), "number": pa.float64(), "whole": pa.int16(), "flag": pa.bool_()}
    fields = {column.name: types[column.type] for column in columns}
    schema = pa.schema(list(fields.items()))
    convert = arrow_csv.ConvertOptions(column_types=fields, null_values=["", "NaN"], strings_can_be_null=True)
    # open files, not paths: pyarrow takes no name that is not UTF-8
    with whole(path) as scratch, scratch.open("wb") as stream, parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        for batch in _batches(table, convert):
            writer.write_batch(batch)


def _batches(table: Path, convert: Any) -> Iterator[Any]:
    from pyarrow import csv as arrow_csv

    with table.open("rb") as stream, arrow_csv.open_csv(stream, convert_options=convert) as reader:
        yield from reader
