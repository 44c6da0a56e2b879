"""The output folder of one study: written under another name, then renamed, so that it is whole or not there."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

import numpy as np

from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.io.nifti import save_volume
from gluteal_grade.pipeline import Graded
from gluteal_grade.report.overlay import write_overlays
from gluteal_grade.report.tables import write_csv


def write_study(graded: Graded, out: Path) -> Path:
    """Write `OUT/<study>/`, replacing an earlier result of the same study.

    Returns:
        the study's folder: `result.json` and `muscles.csv` always; `labels.nii.gz`, `fat_fraction.nii.gz` and `overlay_*.png`
        where there are images; `excluded.nii.gz` where voxels were left out (beside metal, by the user).

    Raises:
        TransientFailure: `output_not_writable`.
    """
    final = out / graded.result.study
    scratch = out / f".{graded.result.study}.{uuid.uuid4().hex[:8]}.partial"
    try:
        scratch.mkdir(parents=True)
        try:
            _write_files(graded, scratch)
            _replace(scratch, final)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        detail = f"{type(error).__name__}: {os.strerror(error.errno) if error.errno else 'no errno'}"
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, detail) from error
    return final


def _write_files(graded: Graded, folder: Path) -> None:
    (folder / "result.json").write_text(graded.result.to_json(), encoding="utf-8")
    write_csv(graded.result, folder / "muscles.csv")
    if graded.images:
        save_volume(graded.images.labels, folder / "labels.nii.gz")
        save_volume(graded.images.fat_fraction, folder / "fat_fraction.nii.gz")
        if (excluded := graded.images.excluded) is not None:
            save_volume(excluded.with_array(excluded.array.astype(np.uint8)), folder / "excluded.nii.gz")
        write_overlays(graded.result, graded.images, folder)


def _replace(scratch: Path, final: Path) -> None:
    """Put the finished folder in place; the earlier one is moved aside first, as a folder cannot be overwritten in one step."""
    aside = scratch.with_suffix(".old")
    if final.exists():
        final.rename(aside)
    scratch.rename(final)
    shutil.rmtree(aside, ignore_errors=True)
