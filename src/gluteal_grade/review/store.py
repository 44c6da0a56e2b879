"""What readers decided, in `OUT/review/review.sqlite`: one row for each decision, never changed and never taken out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gluteal_grade.review.model import Decision, Key, Session

FOLDER, NAME = "review", "review.sqlite"


@dataclass(frozen=True)
class Stored:
    """One row.

    Attributes:
        seq: 1 and up, in the order of storing.
        at: UTC, ISO 8601.
        session: who read, and how.
        decision: what was sent.
        result_hash: of the `result.json` that the reader was shown.
        verdict: accepted, overruled or empty, see `Decision.verdict`.
        version: of the program.
    """

    seq: int
    at: str
    session: Session
    decision: Decision
    result_hash: str
    verdict: str
    version: str


@dataclass(frozen=True)
class Progress:
    """How far one reader is with one study in one read.

    Attributes:
        graded: muscles (of six) with a grade on any scale.
        finished: said to be finished, and not opened again.
        note: there is a note.
    """

    graded: int = 0
    finished: bool = False
    note: bool = False


class Store:
    """Decisions of one output folder. One object may serve several threads; several processes may share the file.

    Args:
        out: the output folder; `review/` in it is made.

    Raises:
        TransientFailure: `output_not_writable`.
    """

    def __init__(self, out: Path) -> None:
        raise NotImplementedError

    def add(self, session: Session, decisions: Sequence[Decision], result_hash: str) -> int:
        """Store all of them or none; how many are new (one that is there already, same id and content, is not stored twice).

        Raises:
            RefusedInput: `bad_decision`: one is none, or has the id of another.
            TransientFailure: `output_not_writable`: disk full, locked, read-only; nothing was stored.
        """
        raise NotImplementedError

    def current(self, session: Session, study: str) -> dict[Key, Stored]:
        """What holds now for a reader and read: the last decision for each key; those taken back are left out."""
        raise NotImplementedError

    def history(self, study: str) -> tuple[Stored, ...]:
        """All rows of a study, of every reader, oldest first."""
        raise NotImplementedError

    def progress(self, session: Session) -> dict[str, Progress]:
        """By study; those of which nothing was decided are left out."""
        raise NotImplementedError

    def rows(self) -> Iterator[Stored]:
        """Every row, oldest first."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError
