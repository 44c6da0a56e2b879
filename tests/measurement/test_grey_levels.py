"""Few grey levels are told, whatever slope a header gives them; full depth and computed images are not accused."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Study
from gluteal_grade.measurement.plan import plan_study
from gluteal_grade.vocabulary import SeriesKind, Side
from tests.synthetic import dixon, make_toy, series

SETTINGS = load_settings()
TOY = make_toy(spread=0.05)


def measured(levels: float | None, slope: float = 1.0):
    """The toy's water and fat, stored in whole steps so that its brightest tissue has so many."""
    found = []
    images = dict(zip((SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT), dixon(TOY), strict=True))
    brightest = max(float(np.percentile(array, 99)) for array in images.values())
    for kind, array in images.items():
        stored = array if levels is None else slope * np.floor(array / brightest * levels)
        found.append(series(kind.value, kind, Volume(stored.astype(np.float32), TOY.grid.affine)))
    plan = plan_study(Study("0" * 12, tuple(found)), SETTINGS)
    return plan.sides[Side.RIGHT].elsewhere[0].measure(SETTINGS)


def told(fat) -> list[str]:
    return [n.detail for n in fat.notes if n.reason is Reason.FEW_GREY_LEVELS]


@pytest.mark.parametrize("slope", [1.0, 0.25, 7.3])
def test_few_levels_are_told_for_each_image_and_widen_the_spread(slope: float) -> None:
    few, many = measured(100, slope), measured(4000)
    assert len(told(few)) == 2
    assert all("about 100 grey levels" in words or "about 99 grey levels" in words for words in told(few))
    assert few.spread.offset_sd == pytest.approx(np.hypot(many.spread.offset_sd, 0.005), rel=0.15)


@pytest.mark.parametrize("levels", [250, 4000, None])
def test_eight_bits_and_more_are_not_accused(levels: float | None) -> None:
    assert told(measured(levels)) == []


def test_whole_percent_of_a_fat_map_are_no_few_levels() -> None:
    percent = np.round(100 * np.nan_to_num(TOY.fat))
    noise = np.random.default_rng(3).integers(0, 3, percent.shape)
    image = series("ff", SeriesKind.FAT_FRACTION, Volume((percent + noise).astype(np.float32), TOY.grid.affine))
    plan = plan_study(Study("0" * 12, (image,)), SETTINGS)
    assert told(plan.sides[Side.RIGHT].elsewhere[0].measure(SETTINGS)) == []
