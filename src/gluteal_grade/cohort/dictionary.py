"""What the columns of a cohort's tables are: `configs/columns.yaml`, as data dictionary and as types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gluteal_grade.config import read_yaml, shipped
from gluteal_grade.files import whole


def columns_of(table: str) -> Mapping[str, Mapping[str, Any]]:
    """Description, type, units and levels by column; `table` is muscles, studies or refusals."""
    return dict(read_yaml(shipped("configs", "columns.yaml"))[table])


def write_dictionary(path: Path, table: str, extra: Sequence[str] = ()) -> None:
    """The sidecar of a table (BIDS 1.10, tabular files): columns of a manifest in `extra` are the user's own."""
    told = {name: {k: v for k, v in column.items() if k != "type"} for name, column in columns_of(table).items()}
    told |= {name: {"Description": "Column of the user's manifest, as given"} for name in extra}
    with whole(path) as scratch:
        scratch.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
