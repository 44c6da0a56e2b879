"""Records as JSON lines: what is there is not measured again."""

from __future__ import annotations

import json
from pathlib import Path

from gluteal_grade_lab.validation.measured import Record


def read(path: Path) -> list[Record]:
    """All whole records, in order of their seeds, each seed once; a line that a stop cut short is skipped."""
    if not path.exists():
        return []
    found: dict[int, Record] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[record["seed"]] = record
    return [found[seed] for seed in sorted(found)]


def append(path: Path, record: Record) -> None:
    """Add one record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut_short = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as stream:
        stream.write(("\n" if cut_short else "") + json.dumps(record) + "\n")
