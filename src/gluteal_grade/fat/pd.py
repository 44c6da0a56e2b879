"""Fat fraction from proton density, where a study holds nothing better."""

from __future__ import annotations

from collections.abc import Sequence

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.between_anchors import Contrast, between_anchors, within_labels
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.method import FatMethod, always
from gluteal_grade.io import Series
from gluteal_grade.vocabulary import Method, SeriesKind

_SAID = Contrast(Method.PD, Reason.PD_ESTIMATE, "fat fraction from proton density, for want of better: little contrast, fluid reads as fat")


def from_pd(series: Series, settings: FatSettings) -> FatMap:
    """The mixture between anchors, see `between_anchors`, with its own range of muscle over fat.

    Raises:
        RefusedInput: as `from_t1`.
    """
    return between_anchors(series, settings.t1.model_copy(update={"lean_over_fat": settings.pd.lean_over_fat}), _SAID)


def _measure(series: Sequence[Series], settings: FatSettings) -> FatMap:
    return from_pd(series[0], settings)


METHOD = FatMethod(
    Method.PD,
    kinds=(SeriesKind.PD,),
    place=always(60, 60, "PD, nothing better in the study"),
    measure=_measure,
    mark=Reason.PD_ESTIMATE,
    caution_beside_metal=False,
    within_labels=within_labels,
)
