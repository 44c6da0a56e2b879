"""What readers decided, as tables and DICOM reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gluteal_grade.cohort import scales_of_folder
from gluteal_grade.errors import GradeError, RefusedInput, not_writable
from gluteal_grade.files import write_table
from gluteal_grade.result import scales_by_key
from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.correction import CorrectionState, Table
from gluteal_grade.review.corrections import corrected_result
from gluteal_grade.review.database import FOLDER, Database
from gluteal_grade.review.final import final_columns, final_rows
from gluteal_grade.review.model import Item
from gluteal_grade.review.ratings import COLUMNS, Measured, Results, Row, measured_of, rating_rows
from gluteal_grade.review.reads import Read, reads_of
from gluteal_grade.review.store import Store, Stored
from gluteal_grade.vocabulary import Scale

_DECISIONS = ("seq", "id", "at", "reader", "read", "blinded", "study", "result", "item", "muscle", "side", "part", "value", "program",
              "seen", "verdict", "version")  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Reports:
    """DICOM reports of an export.

    Attributes:
        reports: the files.
        not_written: studies for which none could be written, and why.
    """

    reports: tuple[Path, ...] = ()
    not_written: tuple[tuple[str, str], ...] = ()


def export(out: Path, folder: Path, catalogue: Catalogue, store: Store) -> tuple[Path, ...]:
    """Write `ratings.csv`, `decisions.csv` and `final.csv` into a folder, each complete or not at all.

    Args:
        out: the output folder.
        folder: made if it is not there.
        catalogue: refreshed.
        store: of the output folder.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    reads = reads_of(store.rows())
    results = _results(out, catalogue)
    readers = sorted({read.reader for read in reads})
    listed = {one.study: one for one in catalogue.listed}
    scales = _scales(out, reads)
    paths = tuple(folder / f"{name}.csv" for name in ("ratings", "decisions", "final"))
    write_table(paths[0], COLUMNS, _safe(rating_rows(reads, results)))
    write_table(paths[1], _DECISIONS, _safe(map(_decision, store.rows())))
    write_table(paths[2], final_columns(readers, scales), _safe(final_rows(listed, reads, results, scales)))
    return paths


def export_reports(out: Path, catalogue: Catalogue, store: Store, data: Path | None = None) -> Reports:
    """Write a DICOM report (TID 1500) for every reader's read of a study with a finding, into `OUT/review/dicom/`; the
    report of a read whose findings were all taken back goes.

    Args:
        out: the output folder.
        catalogue: refreshed.
        store: of the output folder.
        data: folder of images, for studies that are not where the ledger says.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    from gluteal_grade.review.sr import basis_of, report_path, write_reader_sr

    reads = [read for read in reads_of(store.rows()) if read.findings()]
    _sweep(out, {report_path(out, read) for read in reads})
    paths: list[Path] = []
    refused: dict[str, str] = {}
    basis, of = None, ""
    for read in reads:
        one = catalogue.find(read.study)
        if one is None or read.study in refused:
            continue
        try:
            if basis is None or of != read.study:
                basis, of = basis_of(out, one.place, catalogue.load(read.study), data), read.study
            paths.append(write_reader_sr(out, read, basis))
        except RefusedInput as error:
            refused[read.study] = str(error)
    return Reports(tuple(paths), tuple(sorted(refused.items())))


def _sweep(out: Path, wanted: set[Path]) -> None:
    try:
        for path in (out / FOLDER / "dicom").glob("*_read*.dcm"):
            if path not in wanted:
                path.unlink()
    except OSError as error:
        raise not_writable(error) from error


def _results(out: Path, catalogue: Catalogue) -> Results:
    database = Database(out)
    try:
        done = {one.id: one for one in Table(database).all() if one.state is CorrectionState.DONE}
    finally:
        database.close()

    @cache  # both tables ask for each
    def program(study: str) -> Measured:
        try:
            return measured_of(catalogue.load(study))
        except GradeError:  # gone, or none of this version: its readers' rows stay
            return Measured()

    @cache
    def corrected(correction: str) -> Measured:
        try:
            return measured_of(corrected_result(out, done[correction])) if correction in done else Measured()
        except RefusedInput:
            return Measured()

    return Results(program, corrected)


def _scales(out: Path, reads: Sequence[Read]) -> tuple[Scale, ...]:
    """Those of the folder's table, and those that a reader graded on besides."""
    found = scales_of_folder(out)
    keys = [scale.key for scale in found]
    given = {key.part for read in reads for key in read.rows if key.item is Item.GRADE}
    return scales_by_key((*keys, *sorted(given - set(keys))), found)


def _decision(row: Stored) -> Row:
    d, session = row.decision, row.session
    values = (row.seq, d.id, row.at, session.reader, session.read, int(session.blinded), d.study, row.result_hash, d.key.item.value,
              d.key.muscle, d.key.side, d.key.part, d.value, d.program, int(d.seen), row.verdict, row.version)  # fmt: skip
    return dict(zip(_DECISIONS, values, strict=True))


def _safe(rows: Iterable[Row]) -> Iterator[Row]:
    """Text that a table program would take for a formula gets an apostrophe before it."""
    for row in rows:
        yield {name: f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value for name, value in row.items()}
