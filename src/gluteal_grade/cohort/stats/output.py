"""The files of one run; each written under another name and renamed when whole."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from gluteal_grade.cohort.stats.comparisons import COLUMNS, as_row
from gluteal_grade.cohort.stats.forest import forest
from gluteal_grade.cohort.stats.methods import methods_text
from gluteal_grade.cohort.stats.models import COLUMNS as MODEL_COLUMNS
from gluteal_grade.cohort.stats.report import StatsReport
from gluteal_grade.errors import not_writable

FILES = ("stats.csv", "models.csv", "left_out.csv", "methods.txt", "effects.png", "effects_regions.png")
_LEFT_OUT = ("what", "why", "muscle", "region", "count")


def write_statistics(report: StatsReport, folder: Path) -> list[Path]:
    """Write all files into `folder`; ours of an earlier run that this one does not write are removed.

    Returns:
        what was written: the first four of `FILES`, and the figures where there is an effect size to draw.

    Raises:
        TransientFailure: `output_not_writable`.
    """
    scratch = folder / f".stats.{uuid.uuid4().hex[:8]}.partial"
    try:
        scratch.mkdir(parents=True)
        try:
            _write_all(report, scratch)
            written = [name for name in FILES if (scratch / name).exists()]
            for name in written:
                (scratch / name).replace(folder / name)
            for name in set(FILES) - set(written):
                (folder / name).unlink(missing_ok=True)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise not_writable(error) from error
    return [folder / name for name in written]


def _write_all(f: StatsReport, folder: Path) -> None:
    _table([as_row(c) for c in f.comparisons], COLUMNS, folder / "stats.csv")
    _table([asdict(m) for m in f.models], MODEL_COLUMNS, folder / "models.csv")
    _table([x.row(_LEFT_OUT) for x in f.selection.left_out], _LEFT_OUT, folder / "left_out.csv")
    (folder / "methods.txt").write_text(methods_text(f), encoding="utf-8", newline="\n")
    forest([c for c in f.comparisons if c.region == "whole"], f.selection.scales, folder / "effects.png")
    forest([c for c in f.comparisons if c.region != "whole"], f.selection.scales, folder / "effects_regions.png")


def _table(rows: Sequence[dict[str, object]], columns: Sequence[str], path: Path) -> None:
    """UTF-8, comma, full stop, LF, `NaN` where there is no number; six significant digits and more than enough."""
    pd.DataFrame(list(rows), columns=list(columns)).to_csv(path, index=False, na_rep="NaN", float_format="%.6g", lineterminator="\n")
