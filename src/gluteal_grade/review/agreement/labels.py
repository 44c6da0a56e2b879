"""Words that figures and the page share."""

from __future__ import annotations

import math
from functools import cache

from gluteal_grade.cohort.gallery import DASH
from gluteal_grade.drawing import drawable as with_letters_of_font
from gluteal_grade.report import visible
from gluteal_grade.review.agreement.comparisons import Comparison, Who
from gluteal_grade.review.agreement.ratings import Rater, ScaleRatings
from gluteal_grade.review.agreement.report import AgreementReport, AgreementRow
from gluteal_grade.review.agreement.scales import Kind, Scale
from gluteal_grade.review.model import PROGRAM

_LONGEST = 18
STATISTICS = {
    "percent_agreement": "agreement, %",
    "kappa": "kappa",
    "kappa_linear": "weighted kappa, linear",
    "kappa_quadratic": "weighted kappa, quadratic",
    "pabak": "PABAK",
    "gwet_ac1": "AC1",
    "gwet_ac2_quadratic": "AC2, quadratic",
    "fleiss_kappa": "Fleiss' kappa",
    "krippendorff_alpha_ordinal": "Krippendorff's alpha (ordinal)",
    "krippendorff_alpha_nominal": "Krippendorff's alpha (nominal)",
    "icc_2_1": "ICC(2,1)",
    "icc_3_1": "ICC(3,1)",
    "bias": "bias",
    "sd_of_differences": "SD of differences",
    "loa_low": "lower limit of agreement",
    "loa_high": "upper limit of agreement",
    "smallest_detectable_difference": "smallest detectable difference",
}
# Landis & Koch, Biometrics 1977;33:159-174
_KOCH = ((0.20, "slight"), (0.40, "fair"), (0.60, "moderate"), (0.80, "substantial"), (math.inf, "almost perfect"))
_POINTS = ("bias", "sd_of_differences", "loa_low", "loa_high", "smallest_detectable_difference")


def headline(scale: Scale, everyone: bool) -> str:
    """The one statistic that stands for a scale."""
    if scale.kind is Kind.CONTINUOUS:
        return "icc_2_1"
    if everyone:
        return f"krippendorff_alpha_{scale.kind}"
    return "kappa_quadratic" if scale.kind is Kind.ORDINAL else "kappa"


def koch(value: float) -> str:
    """The word of Landis & Koch for a kappa; below 0 poor, empty for NaN."""
    if math.isnan(value):
        return ""
    return "poor" if value < 0 else next(word for limit, word in _KOCH if value <= limit)


def shown(found: AgreementRow | None) -> tuple[str, str]:
    """A value and its interval; a dash where there is none. Fractions of fat as percentage points."""
    if found is None or math.isnan(found.value):
        return DASH, ""
    factor, digits = (100, 1) if found.statistic in _POINTS else (1, 1) if found.statistic == "percent_agreement" else (1, 2)
    rounded = (round(factor * v, digits) + 0.0 for v in (found.value, found.low, found.high))  # no minus zero
    value, low, high = (f"{v:.{digits}f}".replace("-", "−") for v in rounded)
    return value, "no interval" if math.isnan(found.low) else f"{low} to {high}"


def drawable(text: str) -> str:
    """What the font of figures has; a question mark for each other letter."""
    return with_letters_of_font(visible(text))


@cache
def figure_names(readers: tuple[str, ...]) -> dict[str, str]:
    """What figures call each reader: `reader 1` and so on where an id is too long or the font lacks its letters."""
    if all(len(name) <= _LONGEST and drawable(name) == name for name in readers):
        return {name: name for name in readers}
    return {name: name if name == PROGRAM else f"reader {n}" for n, name in enumerate(readers, start=1)}


def rater_label(found: AgreementReport, rater: Rater, *, with_read: bool = False) -> str:
    """A rater beside a figure."""
    name = figure_names(found.ratings.readers)[rater.reader]
    return f"{name}, read {rater.read}" if with_read else name


def label(found: AgreementReport, scale: ScaleRatings, c: Comparison) -> str:
    """A comparison beside a figure."""
    if c.who is Who.EVERYONE:
        return c.name
    first, second = (scale.raters[column] for column in c.columns)
    if c.who is Who.REPEAT:
        return f"{rater_label(found, first)} read {first.read} vs {second.read}"
    return f"{rater_label(found, first)} vs {rater_label(found, second)}"
