"""The data dictionary beside a table: what each of its columns is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from gluteal_grade.files import whole
from gluteal_grade.vocabulary import Column


def write_dictionary(path: Path, columns: Sequence[Column], extra: Sequence[str] = ()) -> None:
    """The sidecar of a table (BIDS 1.10, tabular files): columns of a manifest in `extra` are the user's own."""
    told = {column.name: column.sidecar() for column in columns}
    told |= {name: {"Description": "Column of the user's manifest, as given"} for name in extra}
    with whole(path) as scratch:
        scratch.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
