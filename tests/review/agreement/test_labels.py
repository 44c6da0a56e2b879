"""Numbers and words as the report prints them."""

from __future__ import annotations

import math

import pytest

from gluteal_grade.review.agreement.labels import koch, shown
from gluteal_grade.review.agreement.report import AgreementRow


@pytest.mark.parametrize(
    ("kappa", "word"),
    [(-0.1, "poor"), (0.0, "slight"), (0.2, "slight"), (0.21, "fair"), (0.41, "moderate"), (0.8, "substantial"), (1.0, "almost perfect")],
)
def test_landis_and_koch(kappa: float, word: str) -> None:
    assert koch(kappa) == word
    assert koch(math.nan) == ""


def found(statistic: str, value: float, low: float = math.nan, high: float = math.nan) -> AgreementRow:
    return AgreementRow("s", "A vs B", statistic, value, low, high, "all", "all", 9, 9, 0, "", "")


def test_numbers() -> None:
    assert shown(found("kappa", 0.934, 0.9, 0.951)) == ("0.93", "0.90 to 0.95")
    assert shown(found("bias", -0.0312, -0.05, -0.0001)) == ("−3.1", "−5.0 to 0.0")  # percentage points
    assert shown(found("bias", -0.0001)) == ("0.0", "no interval")
    assert shown(found("percent_agreement", 81.25, 70, 90)) == ("81.2", "70.0 to 90.0")
    assert shown(found("kappa", math.nan)) == ("–", "")
    assert shown(None) == ("–", "")
