"""Words that figures and the page share."""

from __future__ import annotations

import math

from gluteal_grade.cohort.gallery.words import DASH, visible
from gluteal_grade.review.agreement.found import Found
from gluteal_grade.review.agreement.scales import Kind, Scale

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
_KOCH = ((0.0, "poor"), (0.20, "slight"), (0.40, "fair"), (0.60, "moderate"), (0.80, "substantial"), (math.inf, "almost perfect"))
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
    return "poor" if value < 0 else next(word for limit, word in _KOCH[1:] if value <= limit)


def shown(found: Found | None) -> tuple[str, str]:
    """A value and its interval; a dash where there is none. Fractions of fat as percentage points."""
    if found is None or math.isnan(found.value):
        return DASH, ""
    factor, digits = (100, 1) if found.statistic in _POINTS else (1, 1) if found.statistic == "percent_agreement" else (1, 2)
    value, low, high = (f"{factor * v + 0.0:.{digits}f}".replace("-", "−") for v in (found.value, found.low, found.high))
    if float(value.replace("−", "-")) == 0:
        value = value.lstrip("−")
    return value, "no interval" if math.isnan(found.low) else f"{low} to {high}"


def short(name: str) -> str:
    """What fits beside a figure, without characters that turn or break a line; of two readers each is shortened."""
    parts = visible(name).split(" vs ")
    return " vs ".join(part if len(part) <= _LONGEST else f"{part[:7]}...{part[-7:]}" for part in parts)


def drawable(name: str) -> str:
    """The same with a question mark for letters that the font lacks."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return "".join(ch if ord(ch) in known else "?" for ch in short(name))
