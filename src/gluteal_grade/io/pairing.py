"""Which series belong together: of one acquisition, or in one patient space. Every pairing of images goes through here."""

from __future__ import annotations

from collections.abc import Iterable

from gluteal_grade.geometry import Grid
from gluteal_grade.io.study import Series


def partner_of(series: Series, others: Iterable[Series]) -> Series | None:
    """The series taken together with this one: on its grid, of the same DICOM series before the nearest series number.

    Args:
        series: e.g. a water image.
        others: what may belong to it, e.g. all fat images of the study.

    Returns:
        None where none lies on its grid.
    """
    fitting = (o for o in others if series.grid and o.grid and series.grid.matches(o.grid))
    return min(fitting, key=lambda o: (o.uid != series.uid, abs((o.number or 0) - (series.number or 0))), default=None)


def in_space_of(series: Series, grid: Grid, reference: Series) -> bool:
    """Whether labels can be carried to a series: it lies on their grid, or in the DICOM frame of reference of the series they are of.

    Args:
        series: another series of the study.
        grid: of the labels.
        reference: the series that the labels belong to.
    """
    same_grid = series.grid is not None and series.grid.matches(grid)
    return same_grid or (series.frame_of_reference is not None and series.frame_of_reference == reference.frame_of_reference)


def fits_labels(series: Series, grid: Grid) -> bool:
    """Whether labels were drawn on this series: its grid lies within a tenth of the smallest voxel of theirs.

    Further apart, border voxels would change sides.

    Args:
        series: may be one that cannot be read; then it does not fit.
        grid: of the labels.
    """
    return series.refusal is None and series.grid is not None and grid.matches(series.grid, 0.1 * min(grid.spacing_mm))
