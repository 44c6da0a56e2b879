"""All tables, by name and in the order of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gluteal_grade_lab.training.evaluate import ct, fat_fraction, fatty, folds, orientation, real, refusals, swaps, synthetic
from gluteal_grade_lab.training.evaluate.cases import VALIDATION_BODIES
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Setup

NAMES = ("real", "ct", "synthetic", "fatty", "ff", "folds", "swaps", "orientation", "refusals")
_NEED_BODIES = frozenset({"synthetic", "fatty", "ff", "swaps", "orientation"})


def tables(data: Path, hips: Sequence[str], left_out: Mapping[str, str]) -> dict[str, Table]:
    """Every table.

    Args:
        data: folder of real images.
        hips: names of the models that read the CT beside `SHIPPED`.
        left_out: body to name of the model that was trained without it.
    """
    every = (
        real.table((SHIPPED, *hips)),
        ct.table((SHIPPED, *hips)),
        synthetic.TABLE,
        fatty.TABLE,
        fat_fraction.TABLE,
        folds.table(left_out),
        swaps.TABLE,
        orientation.TABLE,
        refusals.table(data),
    )
    return {table.name: table for table in every}


def why_not(name: str, setup: Setup, left_out: Mapping[str, str]) -> str | None:
    """What a table lacks, None if it can be measured."""
    if name == "ct" and not (setup.data / "ct" / "pelvis_ct.nii.gz").is_file():
        return "the CT is not there"
    if name == "real" and not real.available(setup):
        return "the hand labels are not there"
    if name == "folds" and not left_out:
        return "no model of a fold was given"
    bodies = VALIDATION_BODIES if name in _NEED_BODIES else tuple(left_out) if name == "folds" else ()
    missing = [body for body in bodies if not setup.has(body)]
    return f"body {missing[0]} has not been prepared" if missing else None
