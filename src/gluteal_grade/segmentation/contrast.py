"""Which image a network looks at: one on the voxels that the fat is measured on."""

from __future__ import annotations

from collections.abc import Sequence

from gluteal_grade.errors import GradeError, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade.io import Series, Study
from gluteal_grade.vocabulary import SeriesKind


def images_of(reference: Series, study: Study, dixon_contrast: Sequence[str]) -> tuple[Series, ...]:
    """The series worth looking at, best first.

    Args:
        reference: the series that is measured.
        study: all series.
        dixon_contrast: kinds, best first. Dixon images of one acquisition lie on the same voxels, so there is a choice; every other
            contrast is looked at itself.
    """
    order = {SeriesKind(kind): place for place, kind in enumerate(dixon_contrast)}
    if reference.kind not in order:
        return (reference,)
    there = [s for s in study.find(*order) if s.grid and reference.grid and s.grid.matches(reference.grid)]
    there.sort(key=lambda s: (order[s.kind], s is not reference, s.uid != reference.uid, abs((s.number or 0) - (reference.number or 0))))
    return tuple(there) or (reference,)


def first_readable(candidates: Sequence[Series]) -> tuple[Series, Volume]:
    """The first of these that can be read, and its voxels.

    Raises:
        RefusedInput: none can; why the best one cannot.
    """
    refusals: list[GradeError] = []
    for series in candidates:
        try:
            return series, series.load()
        except RefusedInput as error:
            refusals.append(error)
    raise refusals[0]
