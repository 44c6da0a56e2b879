"""What fat in the muscle costs: the same body, pose and scan, lean and with 50-90 % fat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gluteal_grade_lab.training.evaluate.cases import MODES, VALIDATION_BODIES, Case, segmented, varied
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import MUSCLES, markdown, scored, short, targets_table
from gluteal_grade_lab.training.evaluate.workbench import Workbench

_FIRST_SEED = 600_000
_LEAN = 5.0
_FATTY = (50.0, 60.0, 70.0, 80.0, 90.0)
_TARGETS = (("Dice loss, median of pairs", (0.04, 0.05, 0.06)),)


def items(draws: int) -> list[Case]:
    """Pairs of one seed, `draws` for each contrast, spread over bodies and fat."""
    lean = [
        replace(varied(VALIDATION_BODIES[n % 2], mode, n // 2, _FIRST_SEED + 1000 * m + n), fat_percent=_LEAN)
        for m, mode in enumerate(MODES)
        for n in range(draws)
    ]
    return [one for n, case in enumerate(lean) for one in (case, replace(case, fat_percent=_FATTY[n % len(_FATTY)]))]


def measure(case: Case, bench: Workbench) -> list[Row]:
    """Draw, segment, score."""
    return segmented(case, bench, surface=False)


def losses(rows: list[Row]) -> list[Row]:
    """Dice lean minus fatty, per muscle and side of each pair."""
    lean = {_pair(row): row["dice"] for row in scored(rows) if row["fat_percent"] == _LEAN}
    fatty = [row for row in scored(rows) if row["fat_percent"] != _LEAN and _pair(row) in lean]
    return [row | {"loss": lean[_pair(row)] - row["dice"], "lean_dice": lean[_pair(row)]} for row in fatty]


def _pair(row: Row) -> tuple[object, ...]:
    return tuple(row[key] for key in ("body", "mode", "seed", "muscle", "side"))


def render(rows: list[Row]) -> str:
    """By contrast and by fat, against the target."""
    pairs = losses(rows)
    parts = [targets_table(pairs, _TARGETS, lambda _, some: _median(some))]
    for title, key in (("contrast", "mode"), ("fat %", "fat_percent")):
        groups = list(dict.fromkeys(row[key] for row in sorted(pairs, key=lambda r: str(r[key]))))
        lines = [[group, *(_cell([r for r in pairs if r[key] == group and r["muscle"] == m]) for m in MUSCLES)] for group in groups]
        parts.append(markdown([title, *(f"{short(m)} loss" for m in MUSCLES)], lines))
    return "\n\n".join([*parts, f"Dice at {_LEAN:g} % fat minus Dice at the fat named, same seed; median (worst)."])


def _median(rows: list[Row]) -> float:
    return float(np.median([row["loss"] for row in rows])) if rows else float("nan")


def _cell(rows: list[Row]) -> str:
    return f"{_median(rows):+.3f} ({max(row['loss'] for row in rows):+.3f})" if rows else "-"


TABLE = Table("fatty", "Fatty against lean muscle", items, measure, render)
