"""Which muscles of which studies a table is about, and how a table is written."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence

from gluteal_grade_lab.validation.measured import Record, rows_of

Chosen = list[tuple[Record, Record, Record]]


NAMES = {"dixon": "Dixon", "t1": "T1", "gmm3": "T1, GMM-3", "kmeans3": "T1, k-means", "chosen": "as chosen"}


STRATA: tuple[tuple[str, Callable[[Record, Record], bool]], ...] = (
    ("all", lambda *_: True),
    ("SNR >= 15", lambda r, _: r["design"]["snr"] >= 15),
    ("SNR 8-15", lambda r, _: r["design"]["snr"] < 15),
    ("SNR 15-30", lambda r, _: 15 <= r["design"]["snr"] < 30),
    ("SNR 30-60", lambda r, _: r["design"]["snr"] >= 30),
    ("FF < 10 %", lambda _, m: m["true"] < 0.1),
    ("FF 10-25 %", lambda _, m: 0.1 <= m["true"] < 0.25),
    ("FF 25-50 %", lambda _, m: 0.25 <= m["true"] < 0.5),
    ("FF > 50 %", lambda _, m: m["true"] >= 0.5),
    ("slices 3-4 mm", lambda r, _: r["design"]["slice_mm"] <= 4),
    ("slices 5-7 mm", lambda r, _: r["design"]["slice_mm"] >= 5),
    ("shading < 30 %", lambda r, _: r["design"]["bias_percent"] < 30),
    ("shading 30-60 %", lambda r, _: r["design"]["bias_percent"] >= 30),
    ("maximus", lambda _, m: m["muscle"] == "gluteus_maximus"),
    ("medius", lambda _, m: m["muscle"] == "gluteus_medius"),
    ("minimus", lambda _, m: m["muscle"] == "gluteus_minimus"),
)


def plain(records: list[Record], labels: str, asked: str) -> Chosen:
    """Measured muscles of studies without metal, and without swaps where water and fat images were asked for."""
    rows = rows_of(records, labels=labels, asked=asked)
    return [(r, run, m) for r, run, m in rows if (is_plain(r) or (is_swapped(r) and asked != "dixon")) and m["ff"] is not None]


def as_core(records: list[Record]) -> list[Record]:
    """The same with the core value and its interval in the place of the label's mean; muscles without one count as not measured."""
    made = copy.deepcopy(records)
    for record in made:
        record["factors"] |= record["factors"]["core"]
        for run in record["runs"]:
            for row in run["rows"]:
                row |= {"ff": row["core"], "low": row["core_low"], "high": row["core_high"], "parts": row["core_parts"]}
    return made


def markdown(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A markdown table."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(str(c) for c in row) + " |" for row in rows)


def beside(records: list[Record], labels: str) -> Chosen:
    """Measured muscles on the side of the implant."""
    return [(r, run, m) for r, run, m in rows_of(records, labels=labels, asked="chosen") if m["metal"] and m["ff"] is not None]


def is_plain(record: Record) -> bool:
    """Neither metal nor swap."""
    return bool(record["design"]["metal"] == "none" and record["design"]["swap"] == "none")


def is_swapped(record: Record) -> bool:
    """Its water and fat images are exchanged somewhere."""
    return bool(record["design"]["swap"] != "none")
