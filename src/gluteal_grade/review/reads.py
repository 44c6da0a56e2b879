"""Who decided what in the end: for each reader, read and study the decisions that hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gluteal_grade.review.model import Item, Key
from gluteal_grade.review.store import Stored, latest


@dataclass(frozen=True)
class Read:
    """One reader's read of one study.

    Attributes:
        study: hash.
        reader: id.
        read: 1 and up.
        rows: what holds, by what it is about; at least one.
    """

    study: str
    reader: str
    read: int
    rows: Mapping[Key, Stored]

    def value(self, item: Item, muscle: str = "", side: str = "", part: str = "") -> str:
        """What was decided, empty where nothing was."""
        row = self.rows.get(Key(item, muscle, side, part))
        return row.decision.value if row else ""

    def findings(self) -> dict[Key, Stored]:
        """What was said of muscles, tendons and bursae."""
        told = (Item.GRADE, Item.QUALITY, Item.TENDON, Item.BURSA)
        return {key: row for key, row in self.rows.items() if key.item in told}


def reads_of(rows: Iterable[Stored]) -> tuple[Read, ...]:
    """All reads with a decision that holds, by study, reader and read.

    Args:
        rows: oldest first, see `Store.rows`.
    """
    found: dict[tuple[str, str, int], list[Stored]] = {}
    for row in rows:
        found.setdefault((row.decision.study, row.session.reader, row.session.read), []).append(row)
    reads = (Read(*who, latest(some)) for who, some in sorted(found.items()))
    return tuple(read for read in reads if read.rows)
