"""Choices of one run, and what is compared."""

from __future__ import annotations

from dataclasses import dataclass

from gluteal_grade.cohort.stats.options import INCLUDABLE

QUANTITIES = {"fat_fraction_core": "percentage points", "fat_fraction": "percentage points", "volume_ml": "ml"}
MIN_STUDIES = 5  # of a site, to be compared
MIN_HARMONISED = 20  # of a site, to be harmonised: below, its shift and spread are mostly noise
MIN_KNOWN = 0.9  # share of studies with a covariate known, for it to be held


@dataclass(frozen=True)
class SitesOptions:
    """Choices of one run.

    Attributes:
        by: what tells sites apart: of `made_at.OF_HEADER`, or a column of studies.csv; empty: `site` where
            studies.csv has it, and all of those.
        harmonise: the one of these by which ComBat is to harmonise; empty: nothing is changed.
        keep: columns of studies.csv whose differences are no fault of a site, and stay.
        leave_out: sites that do not count.
        method: only muscles whose fat was measured so; empty: all.
        include: the `status` of muscles that count; volumes of `partial` ones never do.
    """

    by: tuple[str, ...] = ()
    harmonise: str = ""
    keep: tuple[str, ...] = ("sex", "age", "group")
    leave_out: tuple[str, ...] = ()
    method: str = ""
    include: tuple[str, ...] = ("graded",)

    def __post_init__(self) -> None:
        if not self.include or (unknown := [s for s in self.include if s not in INCLUDABLE]):
            raise ValueError(f"of {', '.join(INCLUDABLE)}; not {', '.join(unknown) if self.include else 'nothing'}")
