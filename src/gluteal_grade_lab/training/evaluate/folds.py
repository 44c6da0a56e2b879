"""Leave one body out: models trained without a body, on that body."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gluteal_grade_lab.training.evaluate.cases import MODES, Case, segmented, varied
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import score_table
from gluteal_grade_lab.training.evaluate.workbench import Workbench

_FIRST_SEED = 900_000


def table(folds: Mapping[str, str]) -> Table:
    """A line per body.

    Args:
        folds: name of the body that was left out to name of the model.
    """
    return Table("folds", "Leave one body out", partial(items, folds), measure, render)


def items(folds: Mapping[str, str], draws: int) -> list[Case]:
    """A fifth of `draws` per body and contrast."""
    return [
        varied(body, mode, n, _FIRST_SEED + 1000 * m + n).of(model)
        for body, model in folds.items()
        for m, mode in enumerate(MODES)
        for n in range(max(1, draws // 5))
    ]


def measure(case: Case, bench: Workbench) -> list[Row]:
    """Draw, segment, score."""
    return segmented(case, bench)


def render(rows: list[Row]) -> str:
    """By body, and all."""
    return f"{score_table(rows, lambda r: r['body'], 'left out')}\n\nMedian (worst); short trainings, one for each body."
