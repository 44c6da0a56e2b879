"""Fat fraction from T1."""

from __future__ import annotations

from collections.abc import Sequence

from gluteal_grade.config import FatSettings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.between_anchors import Contrast, between_anchors, within_labels
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.method import FatMethod, Place
from gluteal_grade.io import Series, is_wide_bandwidth
from gluteal_grade.vocabulary import Method, SeriesKind

_SAID = Contrast(Method.T1, Reason.T1_ESTIMATE, "fat fraction from T1 rests on two tissue anchors; it is less exact than Dixon")


def from_t1(series: Series, settings: FatSettings) -> FatMap:
    """The mixture between anchors on T1, see `between_anchors`.

    Raises:
        RefusedInput: `contrast_agent`, `no_fat_reference`, `no_lean_reference`, or what reading the image raises.
    """
    return between_anchors(series, settings.t1, _SAID)


def _measure(series: Sequence[Series], settings: FatSettings) -> FatMap:
    return from_t1(series[0], settings)


def _place(series: Series) -> Place:
    """Before Dixon beside metal, with artifact reduction or a wide bandwidth; one after a contrast agent is the last resort."""
    enhanced = series.acquisition.contrast_agent
    if series.mars:
        return Place(41 if enhanced else 40, 3 if enhanced else 1, "T1 with metal-artifact reduction")
    wide = is_wide_bandwidth(series.acquisition.bandwidth_hz_per_pixel)
    rank = 43 if enhanced else 42
    return Place(rank, 2 if wide and not enhanced else rank, "T1, no Dixon in the study")


METHOD = FatMethod(
    Method.T1,
    kinds=(SeriesKind.T1,),
    place=_place,
    measure=_measure,
    caution_beside_metal=False,
    shows_pile_up=True,
    within_labels=within_labels,
)
