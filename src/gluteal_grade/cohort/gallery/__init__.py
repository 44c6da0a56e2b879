"""The pictures and pages of a cohort: contact sheets, distributions, an HTML index."""

from __future__ import annotations

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
    from gluteal_grade.cohort.gallery.write import write

    return write(out, pictures=pictures, max_tiles=max_tiles)
