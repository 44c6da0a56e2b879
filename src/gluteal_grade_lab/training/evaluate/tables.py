"""Rows to Markdown: median and worst per muscle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from gluteal_grade.vocabulary import GLUTEI
from gluteal_grade_lab.training.evaluate.ledger import Row

SLIVER_ML = 5.0  # a muscle of which less is in view is told apart: one voxel row more is half of it
MUSCLES = GLUTEI


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def short(muscle: str) -> str:
    """``gluteus_medius`` to ``medius``."""
    return muscle.removeprefix("gluteus_")


def numbers(rows: Iterable[Row], key: str) -> np.ndarray:
    """(n,) float64 of a column, without the missing ones."""
    return np.array([row[key] for row in rows if row.get(key) is not None], np.float64)


def scored(rows: Iterable[Row]) -> list[Row]:
    """Rows of muscles that the truth has, slivers left out."""
    return [row for row in rows if row["truth_ml"] >= SLIVER_ML]


def median_worst(values: np.ndarray, digits: int, worst: Callable[[np.ndarray], float]) -> str:
    """``0.943 (0.871)``."""
    return f"{np.median(values):.{digits}f} ({worst(values):.{digits}f})" if values.size else "-"


def dice_cell(rows: list[Row]) -> str:
    """Median and lowest Dice."""
    return median_worst(numbers(rows, "dice"), 3, np.min)


def distance_cell(rows: list[Row]) -> str:
    """Median and largest surface distance, mm."""
    return median_worst(numbers(rows, "hd95_mm"), 1, np.max)


def volume_cell(rows: list[Row]) -> str:
    """Median and largest absolute volume error, percent."""
    return median_worst(100 * np.abs(numbers(rows, "volume_error")), 1, np.max)


def score_table(rows: list[Row], by: Callable[[Row], str], first: str) -> str:
    """Dice, surface distance and volume error of each muscle, one line per group; groups in order of appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    names = [short(m) for m in MUSCLES]
    header = [first, "draws", *(f"{n} Dice" for n in names), *(f"{n} HD95 mm" for n in names), *(f"{n} volume %" for n in names), "missed"]
    lines = []
    for group, members in groups.items():
        good = scored(members)
        each = [[row for row in good if row["muscle"] == m] for m in MUSCLES]
        cells = [cell(part) for cell in (dice_cell, distance_cell, volume_cell) for part in each]
        draws = len({row["draw"] for row in members})
        lines.append([group, draws, *cells, sum(row["reason"] == "missed" for row in good)])
    return markdown(header, lines)


def targets_table(rows: list[Row], targets: Sequence[tuple[str, Sequence[float]]], values: Callable[[str, list[Row]], float]) -> str:
    """What was wanted against what is there.

    Args:
        rows: of muscles.
        targets: name and, per muscle, the number wanted; a name starting with "Dice" wants at least that, others at most.
        values: name and a muscle's rows to the number reached.
    """
    lines = []
    for name, wanted in targets:
        cells = []
        for muscle, goal in zip(MUSCLES, wanted, strict=True):
            value = values(name, [row for row in rows if row["muscle"] == muscle])
            met = value >= goal if name.startswith("Dice") and "loss" not in name else value <= goal
            cells.append(f"{value:.3g} (wanted {goal:g}{'' if met else ', **missed**'})")
        lines.append([name, *cells])
    return markdown(["", *(short(m) for m in MUSCLES)], lines)
