"""All pictures and pages of a cohort, written in one go."""

from __future__ import annotations

import os
from pathlib import Path

MAX_TILES = 400


def write_gallery(out: Path, *, pictures: bool = True, max_tiles: int = MAX_TILES) -> tuple[Path, ...]:
    """Write `index.html`, `studies_<nnn>.html`, `refusals_<nnn>.html`, contact sheets and `figures/` into a cohort's folder.

    The same tables and overlays give the same bytes. Pages of an earlier run that no longer belong are removed, by exact name.

    Args:
        out: holds `cohort.csv`, `studies.csv`, `refusals.csv` and the result folders.
        pictures: contact sheets and figures too; without them only pages.
        max_tiles: contact sheets show so many studies at the most; the index says how many are left out.

    Returns:
        the files written, `index.html` first.

    Raises:
        RefusedInput: `no_results`, where a table or a column of it is missing.
        TransientFailure: `output_not_writable`.
    """
    from gluteal_grade.cohort.gallery.figures import write_figures
    from gluteal_grade.cohort.gallery.pages import environment, write_index, write_refusals, write_sheet_pages, write_studies
    from gluteal_grade.cohort.gallery.sheets import write_sheets
    from gluteal_grade.cohort.gallery.study_files import remove_stale
    from gluteal_grade.cohort.gallery.summary import summarise
    from gluteal_grade.cohort.gallery.tables import read_cohort
    from gluteal_grade.cohort.gallery.tiles import make_tiles
    from gluteal_grade.errors import Reason, TransientFailure

    cohort = read_cohort(out)
    order = cohort.order()
    shown = order[:max_tiles] if pictures else order[:0]
    try:
        sheets = list(write_sheets(make_tiles(cohort, shown, out), len(shown), out, cohort.primary.title))
        figures = list(write_figures(cohort, out)) if pictures else []
        env = environment(cohort.scales)
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
