"""What a column of a table is, for data dictionaries, types and the docs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

ColumnType = Literal["text", "number", "whole", "flag"]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: in the header line.
        type: of its values; decides the type in Parquet.
        description: one sentence.
        unit: UCUM; empty where it has none.
        levels: what each value means; empty where any may occur.
        docs: Markdown for `docs/reference/output.md`; empty where the description says it all.
    """

    name: str
    type: ColumnType
    description: str
    unit: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)
    docs: str = ""

    def sidecar(self) -> dict[str, object]:
        """Its entry in a data dictionary (BIDS 1.10, tabular files)."""
        found: dict[str, object] = {"Description": self.description}
        if self.unit:
            found["Units"] = self.unit
        if self.levels:
            found["Levels"] = dict(self.levels)
        return found


def names(columns: Iterable[Column]) -> tuple[str, ...]:
    """Their names, in order."""
    return tuple(column.name for column in columns)
