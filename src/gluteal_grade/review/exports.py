"""What readers decided, as tables and DICOM reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.review.catalogue import Catalogue
from gluteal_grade.review.store import Store


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        tables: `ratings.csv`, `decisions.csv`, `final.csv`.
        reports: DICOM structured reports.
        not_written: studies for which no DICOM report could be written, and why.
    """

    tables: tuple[Path, ...]
    reports: tuple[Path, ...] = ()
    not_written: tuple[tuple[str, str], ...] = ()


def export(out: Path, folder: Path, catalogue: Catalogue, store: Store) -> tuple[Path, ...]:
    """Write `ratings.csv`, `decisions.csv` and `final.csv` into a folder, each whole or not at all.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    raise NotImplementedError


def export_reports(out: Path, catalogue: Catalogue, store: Store, data: Path | None = None) -> Exported:
    """Write a DICOM report (TID 1500) for every study, reader and read with a grade, into `OUT/review/dicom/`.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    raise NotImplementedError
