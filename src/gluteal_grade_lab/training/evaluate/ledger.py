"""What has been measured so far: one JSON line per draw, so that a killed evaluation goes on where it was."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Ledger:
    """A file of finished draws.

    Args:
        path: ``.jsonl``, made with its folder if missing; a last line cut short by a kill is dropped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lines = self._whole_lines()

    def _whole_lines(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            self.path.write_bytes(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def rows(self, key: str, signature: str) -> list[Row] | None:
        """The rows of a draw measured with these weights on this body; None if there are none, though another signature may have some."""
        return next((line["rows"] for line in self._lines if (line["key"], line["signature"]) == (key, signature)), None)

    def append(self, key: str, signature: str, rows: list[Row], seconds: float) -> None:
        """Note a finished draw; NaN is written as null."""
        line = {"key": key, "signature": signature, "seconds": round(seconds, 2), "rows": [_plain(row) for row in rows]}
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, allow_nan=False) + "\n")
        self._lines.append(line)


def _plain(row: Row) -> Row:
    return {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}
