"""Corrected label maps: taken in from a reader, and measured again one at a time beside the server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from gluteal_grade.results import StudyResult

UPLOAD_LIMIT = 256 << 20  # bytes


class CorrectionState(StrEnum):
    """Where a correction stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # permanent: the reason says why
    FAILED = "failed"  # may pass: submit again


@dataclass(frozen=True)
class Correction:
    """One corrected label map.

    Attributes:
        id: UUID, the value of the reader's decision `Item.LABELS`.
        study: hash.
        at: UTC, ISO 8601, when it was taken in.
        sha256: of the file as stored; `segmentation.sha256` of its result.
        state: where it stands.
        reason, detail: why refused or failed, or what to know of it; no patient data.
        seconds: spent on measuring.
    """

    id: str
    study: str
    at: str
    sha256: str
    state: CorrectionState
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0


def accept_upload(out: Path, study: str, source: BinaryIO | Path, limit: int = UPLOAD_LIMIT) -> Correction:
    """Check and store a label map: NIfTI, DICOM SEG, or a zip of one (told by content; no name is asked for).

    It waits then until `Corrections.submit` or the next start of the server.

    Raises:
        RefusedInput: `upload_too_large`, `study_not_found`, `empty_file`, `unsafe_zip`, `unreadable_zip`, `labels_unreadable`,
            `labels_not_integer`, `labels_numbering`, `labels_empty`, `labels_geometry`.
        TransientFailure: `output_not_writable`.
    """
    raise NotImplementedError


def result_folder(out: Path, correction: Correction) -> Path:
    """Where its result lies once it is done: `OUT/review/corrected/<study>/<id>/`, as a study's folder of the flat layout."""
    raise NotImplementedError


def corrected_result(out: Path, correction: Correction) -> StudyResult:
    """The result measured on it.

    Raises:
        RefusedInput: `not_a_result`: it is not done, or its files are gone.
    """
    raise NotImplementedError


class Corrections:
    """Measures corrections again, each in a process of its own, one at a time.

    Args:
        out: the output folder.
        data: folder of images, for studies that are not where the ledger says.
        config: settings file of the run; None: the default.
    """

    def __init__(self, out: Path, data: Path | None = None, config: Path | None = None) -> None:
        raise NotImplementedError

    def submit(self, correction: Correction) -> None:
        """Let it be measured; at once, or when those before it are done. One that failed is tried again."""
        raise NotImplementedError

    def state(self, study: str) -> tuple[Correction, ...]:
        """All corrections of a study, oldest first."""
        raise NotImplementedError

    def find(self, correction: str) -> Correction | None:
        """One by its id."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop; what is being measured is measured again at the next start."""
        raise NotImplementedError
