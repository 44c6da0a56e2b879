"""What a report says of an earlier study of the same patient. Plain values: `cohort.priors` fills them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gluteal_grade.vocabulary import Muscle, Region, Side


@dataclass(frozen=True)
class PriorRow:
    """One muscle or region on one side, then and now; NaN where it was not measured or cannot be compared.

    Attributes:
        fat_then, fat_now: fat fraction, 0-1.
        grade_then, grade_now: on the primary scale; None where there is none.
        change_points: of the fat fraction, percentage points, with its 95 % interval.
        sdc_points: smallest detectable change.
        beyond: the change is larger than that; None where it cannot be told.
        volume_change_ml: now minus then; `volume_change_percent` of the earlier volume.
        volume_sdc_ml: its smallest detectable change, where a site file gives one; `volume_beyond`: larger than that.
        words: what the change means, or why there is none.
        review: the label of one of the two needs review; the summary leaves it out.
        cautions: sentences; the numbers stand, but read them with these.
    """

    side: Side
    muscle: Muscle
    region: Region
    fat_then: float
    fat_now: float
    grade_then: int | None
    grade_now: int | None
    change_points: float
    change_low: float
    change_high: float
    sdc_points: float
    beyond: bool | None
    volume_change_ml: float
    volume_change_percent: float
    words: str
    review: bool = False
    cautions: tuple[str, ...] = ()
    volume_sdc_ml: float = math.nan
    volume_beyond: bool | None = None


@dataclass(frozen=True)
class Prior:
    """An earlier study of the same patient, compared with the one that is reported.

    Attributes:
        study: hash of the earlier one.
        days: between the two; None if not known.
        rows: in any order.
        cautions: sentences about all rows.
        assumptions: what every comparison takes for granted.
        site: whose repeatability the changes are judged by; empty: by the stated uncertainty.
    """

    study: str
    days: int | None
    rows: tuple[PriorRow, ...]
    cautions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    site: str = ""
