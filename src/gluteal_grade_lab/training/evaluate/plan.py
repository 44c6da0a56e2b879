"""All tables, by name and in the order of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gluteal_grade_lab.training.evaluate import (
    ct,
    fat_fraction,
    fatty,
    folds,
    orientation,
    public_mri,
    real,
    refusals,
    repainted,
    swaps,
    synthetic,
    tensor,
    trust,
)
from gluteal_grade_lab.training.evaluate.cases import VALIDATION_BODIES
from gluteal_grade_lab.training.evaluate.runner import Table
from gluteal_grade_lab.training.evaluate.workbench import SHIPPED, Setup

NAMES = (
    *("real", repainted.NAME, "ct", "synthetic", tensor.NAME, "fatty", "ff", "folds", "swaps", "orientation", "refusals"),
    *(trust.NAME, public_mri.NAME),
)
_NEED_BODIES = frozenset({"synthetic", "fatty", "ff", "swaps", "orientation"})


def tables(
    data: Path, hips: Sequence[str], left_out: Mapping[str, str], public: Path | None = None, prepared: Sequence[str] = ()
) -> dict[str, Table]:
    """Every table.

    Args:
        data: folder of real images.
        hips: names of the models that read the CT beside `SHIPPED`.
        left_out: body to name of the model that was trained without it.
        public: folder of TotalSegmentator's MRI set.
        prepared: those of `tensor.BODIES` and `trust.BODIES` that are.
    """
    every = (
        real.table((SHIPPED, *hips)),
        repainted.table((SHIPPED, *hips)),
        ct.table((SHIPPED, *hips)),
        synthetic.TABLE,
        tensor.table(prepared),
        fatty.TABLE,
        fat_fraction.TABLE,
        folds.table(left_out),
        swaps.TABLE,
        orientation.TABLE,
        refusals.table(data),
        trust.table(prepared),
        public_mri.table(public),
    )
    return {table.name: table for table in every}


def why_not(name: str, setup: Setup, left_out: Mapping[str, str], public: Path | None = None) -> str | None:
    """What a table lacks, None if it can be measured."""
    if name == "ct" and not (setup.data / "ct" / "pelvis_ct.nii.gz").is_file():
        return "the CT is not there"
    if name in ("real", repainted.NAME, trust.NAME) and not real.available(setup):
        return "the hand labels are not there"
    if name == public_mri.NAME and (public is None or not public_mri.subjects(public)):
        return f"--{public_mri.NAME} names no folder with images of that set"
    if name == "folds" and not left_out:
        return "no model of a fold was given"
    if name == tensor.NAME:
        return None if any(setup.has(body) for body in tensor.BODIES) else "no body with a tensor of its own has been prepared"
    if name == trust.NAME:
        return None if any(setup.has(body) for body in trust.BODIES) else "no body that it draws has been prepared"
    bodies = VALIDATION_BODIES if name in _NEED_BODIES else tuple(left_out) if name == "folds" else ()
    missing = [body for body in bodies if not setup.has(body)]
    return f"body {missing[0]} has not been prepared" if missing else None
