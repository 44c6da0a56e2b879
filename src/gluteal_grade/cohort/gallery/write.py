"""The whole gallery: read the tables, draw, write, and clear away what an earlier run left."""

from __future__ import annotations

import os
from pathlib import Path

from gluteal_grade.cohort.gallery.figures import write_figures
from gluteal_grade.cohort.gallery.files import remove_stale
from gluteal_grade.cohort.gallery.pages import environment, write_index, write_refusals, write_sheet_pages, write_studies
from gluteal_grade.cohort.gallery.sheets import write_sheets
from gluteal_grade.cohort.gallery.summary import summarise
from gluteal_grade.cohort.gallery.tables import read_cohort
from gluteal_grade.cohort.gallery.tiles import make_tiles
from gluteal_grade.errors import Reason, TransientFailure


def write(out: Path, *, pictures: bool, max_tiles: int) -> tuple[Path, ...]:
    """See `gluteal_grade.cohort.gallery.write_gallery`."""
    cohort = read_cohort(out)
    order = cohort.order()
    shown = order[:max_tiles] if pictures else order[:0]
    try:
        sheets = list(write_sheets(make_tiles(cohort, shown, out), len(shown), out))
        figures = list(write_figures(cohort, out)) if pictures else []
        env = environment()
        written = [sheet.path for sheet in sheets] + [figure.path for figure in figures]
        written += write_sheet_pages(env, sheets, out)
        written += write_studies(env, cohort, order, out)
        written += write_refusals(env, cohort, out)
        left_out = len(order) - len(shown) if pictures else 0
        index = write_index(env, cohort, summarise(cohort), sheets, figures, out, tiles_left_out=left_out)
        remove_stale(out, written)
    except OSError as error:
        detail = f"{type(error).__name__}: {os.strerror(error.errno) if error.errno else 'no errno'}"
        raise TransientFailure(Reason.OUTPUT_NOT_WRITABLE, detail) from error
    return (index, *written)
