"""Who is told how a batch goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gluteal_grade.cohort.task import Because, Outcome


@dataclass(frozen=True)
class Tally:
    """Where a batch stands, in entries.

    Attributes:
        total: given.
        before: ended in an earlier run.
        done: ended now or earlier.
        refused, failed: of those.
    """

    total: int
    before: int
    done: int
    refused: int
    failed: int


class Observer(Protocol):
    """Is told of every step, in the coordinator's thread."""

    def planned(self, tally: Tally, sizes: Mapping[str, int]) -> None:
        """Called once, with the number of entries to do, and the bytes of each by key."""
        ...

    def explained(self, again: Mapping[Because, int], kept: int, versions: Sequence[str]) -> None:
        """Why entries that were graded before are graded again.

        Args:
            again: how many, by reason.
            kept: how many stand though another version of the program graded them.
            versions: of the program, other than this one, that graded them.
        """
        ...

    def left_alone(self, files: int) -> None:
        """How many files of BIDS datasets are no data (`sourcedata`, `code`, `tmp_dcm2bids`); not called where there are none."""
        ...

    def withdrawn(self, studies: int) -> None:
        """How many studies are kept out of the tables because their input is gone; not called where there are none."""
        ...

    def started(self, key: str) -> None:
        """A worker began an entry."""
        ...

    def ended(self, key: str, outcomes: tuple[Outcome, ...], tally: Tally) -> None:
        """An entry came to an end."""
        ...

    def retried(self, key: str, reason: str, attempt: int) -> None:
        """An attempt failed; another one follows."""
        ...
