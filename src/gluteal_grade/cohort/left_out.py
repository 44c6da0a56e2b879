"""What did not count, and why: one record for statistics, repeats, norms, sites, and for what is learned from readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gluteal_grade.errors import Reason


@dataclass(frozen=True)
class LeftOut:
    """Something that did not count: in statistics, repeats and norms of a cohort, or in what is learned from readers.

    Attributes:
        what: `study`, `side` (of one), `muscle` (of one subject, or a row of a table), `volume`, `numbers` (of a muscle), `curve`.
        reason: the code; None where words alone tell it.
        detail: in words, without names.
        study: hashes, joined by ``+``.
        side, muscle, region, quantity: of which, where that is known.
        count: how many.
    """

    what: str
    reason: Reason | None
    detail: str
    study: str = ""
    side: str = ""
    muscle: str = ""
    region: str = ""
    quantity: str = ""
    count: int = 1

    def row(self, columns: Iterable[str]) -> dict[str, object]:
        """A line of `left_out.csv`, by the columns it has there; `why` is the detail.

        Examples:
            >>> LeftOut("muscle", None, "status partial", muscle="gluteus_medius", count=3).row(("what", "why", "count"))
            {'what': 'muscle', 'why': 'status partial', 'count': 3}
        """
        return {name: getattr(self, "detail" if name == "why" else name) for name in columns}
