"""Tables as pandas frames with the types of their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gluteal_grade.vocabulary import Column

if TYPE_CHECKING:
    import pandas as pd

_TYPES: Mapping[str, Any] = {"text": "string", "number": "float64", "whole": "Int64", "flag": "boolean"}
_FLAGS = {"true": True, "false": False}


def typed(rows: Sequence[Mapping[str, str]], columns: Sequence[str], known: Sequence[Column]) -> pd.DataFrame:
    """Rows of text as columns of numbers, nullable whole numbers, flags and text; `NaN` and empty cells are missing.

    Args:
        rows: as a table's CSV has them.
        columns: in their order; those that are not known stay text.
        known: what each is.
    """
    import pandas as pd

    types = {column.name: column.type for column in known}
    frame = pd.DataFrame([[row.get(name, "") for name in columns] for row in rows], columns=list(columns), dtype="object")
    for name in columns:
        kind = types.get(name, "text")
        cells = frame[name].where(~frame[name].isin(["", "NaN"]), None)
        if kind in ("number", "whole"):
            cells = pd.to_numeric(cells)
        elif kind == "flag":
            cells = cells.map(_FLAGS)
        frame[name] = cells.astype(_TYPES[kind])
    return frame
