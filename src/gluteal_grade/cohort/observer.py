"""Who is told how a batch goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gluteal_grade.cohort.task import Outcome


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

    def planned(self, tally: Tally) -> None:
        """What is to be done."""
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
