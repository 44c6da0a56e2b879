"""What to know about a comparison that stands, what every comparison takes for granted, and a change in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from gluteal_grade.errors import Reason


class Caution(StrEnum):
    """A reservation about one row or about all. Codes are part of the output: added, never renamed."""

    OUT_OF_VIEW = "out_of_view"
    PRIOR_NEEDS_REVIEW = "prior_needs_review"
    CURRENT_NEEDS_REVIEW = "current_needs_review"
    DIFFERENT_PROTOCOL = "different_protocol"
    DIFFERENT_SETTINGS = "different_settings"
    DIFFERENT_PROGRAM = "different_program"
    DIFFERENT_MODEL = "different_model"
    DIFFERENT_LABEL_SOURCE = "different_label_source"
    DIFFERENT_PATIENT = "different_patient"
    DIFFERENT_REGIONS = "different_regions"
    NO_STATED_INTERVAL = "no_stated_interval"
    NOT_IN_SITE_FILE = "not_in_site_file"
    OTHER_THAN_SITE = "other_than_site"


Why = Reason | Caution  # why something could not be told

MEANING: dict[Caution, str] = {
    Caution.OUT_OF_VIEW: "the field of view cuts the muscle in one of the scans: the parts in view may differ",
    Caution.PRIOR_NEEDS_REVIEW: "the prior label failed a check: look at its outline",
    Caution.CURRENT_NEEDS_REVIEW: "the current label failed a check: look at its outline",
    Caution.DIFFERENT_PROTOCOL: "the scans were acquired differently: biases of the method need not cancel",
    Caution.DIFFERENT_SETTINGS: "the studies were graded with different settings: grade one of them again",
    Caution.DIFFERENT_PROGRAM: "the studies were graded by different versions of the program: grade one of them again",
    Caution.DIFFERENT_MODEL: "the labels were made by different networks: grade one of the studies again",
    Caution.DIFFERENT_LABEL_SOURCE: "the labels come from different sources: outlines may differ by convention",
    Caution.DIFFERENT_PATIENT: "the two studies seem to be of two patients: a change between them means nothing",
    Caution.DIFFERENT_REGIONS: "the regions of this muscle were told apart by different rules: grade one of the studies again",
    Caution.NO_STATED_INTERVAL: "a result states no interval for this number",
    Caution.NOT_IN_SITE_FILE: "the site file holds no repeatability of this muscle as it was measured here",
    Caution.OTHER_THAN_SITE: "the studies were graded otherwise than the scans of the site file",
}

ASSUMPTIONS = (
    "The two scans show the same patient; the program can only tell where sex, birth date or ID say otherwise.",
    "Errors of the two scans are taken as independent. Biases that both share (same method, protocol, reader) cancel in truth, "
    "so intervals and SDC are rather too wide on this account.",
    "SDC is a lower bound: 1.96 x sqrt(variance of prior + variance of current) of the stated uncertainty only. Repositioning, "
    "another scanner and physiological variation are not in it, as no scan-rescan data exist.",
    "Every row has its own 5 %: of six unchanged muscles, were they independent, one or more would go beyond in 26 % of comparisons.",
    "Volumes have no stated interval: no SDC is given for them.",
    "Chances that a grade rose or fell take the two grades as independent.",
)


# in place of the second, third and fifth, where the repeatability of a site is used
SITE_ASSUMPTIONS = (
    "SDC is the repeatability coefficient of the site file, where it holds one for how the muscle was measured (sdc_source site): 1.96 x "
    "sqrt(2) x within-subject SD, from repeated scans or readings of other people. Intervals there are the change -+ SDC.",
    "Where it holds none the SDC is a lower bound: 1.96 x sqrt(variance of prior + variance of current) of the stated uncertainty only, "
    "the errors of both taken as independent; volumes have none there.",
    "Repeats of a site are mostly of one day: growth, training, another scanner or software are not in them.",
)


def assumptions(*, site: bool) -> tuple[str, ...]:
    """What a comparison takes for granted.

    Args:
        site: a site file was given.
    """
    return (ASSUMPTIONS[0], *SITE_ASSUMPTIONS, ASSUMPTIONS[3], ASSUMPTIONS[5]) if site else ASSUMPTIONS


_WHY: dict[str, str] = {
    Reason.NO_LABEL: "no label in at least one study",
    Reason.SIDE_NOT_LABELLED: "this side has no labels in at least one study",
    Reason.REGIONS_NOT_SPLIT: "at least one study does not tell this region apart",
    Reason.DIFFERENT_METHODS: "fat was measured by different methods",
    Caution.DIFFERENT_REGIONS: "the regions of this muscle were told apart by different rules",
    Reason.BESIDE_METAL: "too much of it lies beside metal in at least one study",
    Reason.TOO_FEW_VOXELS: "too small to measure in at least one study",
    Reason.TOO_LITTLE_EVALUABLE: "too much signal void or artifact in at least one study",
    Reason.NO_FAT_VALUES: "no fat value in at least one study",
}
_REVIEW = {Caution.PRIOR_NEEDS_REVIEW: "prior", Caution.CURRENT_NEEDS_REVIEW: "current"}


def change_words(points: float, beyond: bool | None, why: Why | None, cautions: Sequence[Caution], *, site: bool = False) -> str:
    """One clause on the fat fraction.

    Args:
        points: change of the fat fraction, percentage points; NaN if it was not compared.
        beyond: it is larger than the smallest detectable change; None if that is not told.
        why: the reason where one of the two is missing.
        cautions: of the row; a label in need of review is told.
        site: it was judged by the repeatability of a site.
    """
    if math.isnan(points):
        return f"not compared: {_WHY.get(why, why.replace('_', ' ')) if why else 'not measured'}"
    if beyond is None:
        words = f"change not judged: {MEANING[Caution(why)]}" if why in tuple(Caution) else "change not judged"
    elif beyond:
        words = f"{'more' if points > 0 else 'less'} fat than before, beyond {_bound(site)}"
    else:
        words = f"change within {_bound(site)}"
    review = [name for code, name in _REVIEW.items() if code in cautions]
    return f"{words}; {' and '.join(review)} label needs review" if review else words


def _bound(site: bool) -> str:
    return "the repeatability of the site" if site else "the stated measurement uncertainty"


def signed(value: float, digits: int) -> str:
    """E.g. ``+1.2``; a change that rounds to nothing has no sign."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"
