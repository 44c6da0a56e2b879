"""The one real image with labels: the right hip of a pelvic CT that was never trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from gluteal_grade.geometry import Volume
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade.vocabulary import Side
from gluteal_grade_lab.labelmaps import GLUTEAL_ANATOMY
from gluteal_grade_lab.training.evaluate.ledger import Row
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.tables import MUSCLES, markdown, numbers, short, targets_table
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Setup, Workbench
from gluteal_grade_lab.training.metrics import scores

_TARGETS = (("Dice, median of models", (0.92, 0.88, 0.80)),)


@dataclass(frozen=True)
class CtCase:
    """The CT and the weights that read it."""

    model: str

    @property
    def key(self) -> str:
        """The weights' name."""
        return self.model


def image(setup: Setup) -> Volume:
    """The CT, HU."""
    return read_volume(setup.data / "ct" / "pelvis_ct.nii.gz", as_float=True)


def truth(setup: Setup) -> Volume:
    """Labels of its right side, on its grid, in our values."""
    labels = read_volume(setup.data / "ct" / "pelvis_ct_labels_right.nii.gz")
    return labels.with_array(load_numbering(GLUTEAL_ANATOMY).translate(np.asarray(labels.array, np.int64)))


def measure(case: CtCase, bench: Workbench) -> list[Row]:
    """Segment; score the right side, the only one with labels."""
    found = bench.find(image(bench.setup), True, case.model)
    facts = {"draw": case.key, "model": case.model, "refused": found.reason}
    return [facts | asdict(score) for score in scores(found.labels, truth(bench.setup)) if score.side is Side.RIGHT]


def table(models: Sequence[str] = (SHIPPED,)) -> Table:
    """One row per set of weights."""
    return Table("ct", "Real CT, right hip", lambda _: [CtCase(m) for m in models], measure, partial(render, draws=len(models)))


def render(rows: list[Row], draws: int) -> str:
    """Every model, and their median against the target."""
    header = ["weights", *(f"{short(m)} Dice / HD95 mm / volume %" for m in MUSCLES)]
    lines = []
    for model in dict.fromkeys(row["model"] for row in rows):
        lines.append([model, *(_cell(row) for row in rows if row["model"] == model)])
    wanted = targets_table(rows, _TARGETS, lambda _, some: float(np.median(numbers(some, "dice"))) if some else float("nan"))
    return f"{wanted}\n\n{markdown(header, lines)}\n\nModels: {draws}. Labels: an automatic segmentation of good quality, not a reader's."


def _cell(row: Row) -> str:
    if row["refused"]:
        return str(row["refused"])
    distance = "-" if row["hd95_mm"] is None else f"{row['hd95_mm']:.1f}"
    return f"{row['dice']:.3f} / {distance} / {100 * row['volume_error']:+.1f}"
