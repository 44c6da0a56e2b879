"""Intervals under other factors."""

import pytest

from gluteal_grade.config import load_settings
from gluteal_grade_lab.validation.refit import refitted
from tests.lab.validation.records import COHORT, SCALES


def test_refitted_with_the_same_factors_is_the_same_and_twice_the_factor_twice_as_wide():
    settings = load_settings().uncertainty
    model = {name: m.model_copy(update={"spread": 1.0, "offset": 0.0, "gain": 0.0}) for name, m in settings.methods.items()}
    plain_ = settings.model_copy(update={"methods": model})
    twice = {name: m.model_copy(update={"spread": 2.0}) for name, m in model.items()}
    one = COHORT[0] | {"factors": plain_.model_dump()}
    same = refitted([one], plain_, SCALES)[0]["runs"][0]["rows"]
    wide = refitted([one], plain_.model_copy(update={"methods": twice}), SCALES)[0]["runs"][0]["rows"]
    for before, again, after in zip(one["runs"][0]["rows"], same, wide, strict=True):
        assert again["low"] == pytest.approx(before["low"])
        assert again["grades"]["quartile"]["p"] == pytest.approx(before["grades"]["quartile"]["p"])
        assert after["parts"]["map"] == pytest.approx((0.04, 0.04))
