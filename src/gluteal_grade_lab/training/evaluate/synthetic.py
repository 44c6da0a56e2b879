"""Validation bodies in clinical geometry: how well, by contrast, plane, slice thickness and field of view."""

from __future__ import annotations

import numpy as np

from gluteal_grade_lab.training.evaluate.cases import MODES, PARTIAL_FIELDS, VALIDATION_BODIES, WHOLE, Case, segmented, varied
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import SLIVER_ML, numbers, score_table, scored, targets_table
from gluteal_grade_lab.training.evaluate.workbench import Workbench

_FIRST_SEED = 500_000
_TARGETS = (("Dice, median", (0.94, 0.91, 0.86)), ("volume error, median absolute %", (5.0, 5.0, 8.0)))


def items(draws: int) -> list[Case]:
    """`draws` whole pelves per body and contrast, and a tenth as many of each partial field of view."""
    cells = [(body, mode) for body in VALIDATION_BODIES for mode in MODES]
    # each cell begins elsewhere in the turn of planes and thicknesses, so that a run of few draws has all of them too
    whole = [varied(b, m, n + cell, _FIRST_SEED + 1000 * cell + n) for cell, (b, m) in enumerate(cells) for n in range(draws)]
    partial = [
        varied(b, m, n + cell + f, _FIRST_SEED + 100_000 * (1 + f) + 1000 * cell + n, fov)
        for f, fov in enumerate(PARTIAL_FIELDS)
        for cell, (b, m) in enumerate(cells)
        for n in range(max(1, draws // 10))
    ]
    return [*whole, *partial]


def measure(case: Case, bench: Workbench) -> list[Row]:
    """Draw, segment, score."""
    return segmented(case, bench)


def render(rows: list[Row]) -> str:
    """All breakdowns. Rows of one table never mix whole with partial fields, except that of the field of view."""
    whole = [row for row in rows if row["fov"] == WHOLE]
    tables = [
        ("Against the targets", targets_table(scored(whole), _TARGETS, _reached)),
        ("By body and contrast", score_table(whole, lambda r: f"{r['body']} {r['mode']}", "body, contrast")),
        ("By plane", score_table(whole, lambda r: str(r["plane"]), "plane")),
        ("By slice thickness", score_table(whole, lambda r: f"{r['slice_mm']:g} mm", "slices")),
        ("By field of view", score_table(rows, lambda r: str(r["fov"]), "field of view")),
    ]
    refused = sorted({f"{row['draw']} ({row['refused']})" for row in rows if row["refused"]})
    invented = sum(row["reason"] == "invented" and row["predicted_ml"] > SLIVER_ML for row in rows)
    slivers = sum(0 < row["truth_ml"] < SLIVER_ML for row in rows)
    swapped = sum(row["wrong_side"] > 0.5 for row in rows)
    after = [
        f"Median (worst), both sides pooled; {slivers} slivers of under {SLIVER_ML:g} ml in view are left out. "
        f"Over {SLIVER_ML:g} ml labelled where the truth has none: {invented}. Muscles on the wrong side: {swapped}. "
        f"Draws refused: {len(refused)}.",
        *refused,
    ]
    return "\n\n".join([f"### {title}\n\n{table}" for title, table in tables] + ["\n".join(after)])


def _reached(name: str, rows: list[Row]) -> float:
    values = numbers(rows, "dice") if name.startswith("Dice") else 100 * np.abs(numbers(rows, "volume_error"))
    return float(np.median(values)) if values.size else float("nan")


TABLE = Table("synthetic", "Validation bodies, synthetic contrast", items, measure, render)
