"""A muscle with a band of plain fat inside its outline that goes on outside, as networks draw maximus."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import FatBeyondSettings, load_settings
from gluteal_grade.measurement.core import Core
from gluteal_grade.measurement.fat_beyond import fat_beyond, without_fat_beyond
from gluteal_grade.measurement.study import _fat_in_outlines
from gluteal_grade.vocabulary import Muscle, Part, Region, Side

SETTINGS = load_settings().measure.core.fat_beyond
SPACING = (2.0, 2.0, 5.0)
SHAPE = (60, 60, 12)
MUSCLE, BAND = slice(22, 50), slice(10, 22)  # rows of lean muscle, and of fat between it and the skin


def picture(lean: float = 0.3, axis: int = 2) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    """Outline of muscle and half of the band; fat fractions: muscle, fat behind it and beside it."""
    values = np.full(SHAPE, 0.95, np.float32)
    values[10:50, MUSCLE] = lean
    mask = np.zeros(SHAPE, bool)
    mask[10:50, 16:50, 1:11] = True  # 12 mm of the band belong to it
    spacing = [2.0, 2.0]
    spacing.insert(axis, 5.0)
    return np.moveaxis(mask, 2, axis), np.moveaxis(values, 2, axis), (spacing[0], spacing[1], spacing[2])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_band_is_found_and_nothing_else(axis: int) -> None:
    mask, values, spacing = picture(axis=axis)
    found = np.moveaxis(fat_beyond(mask, values, spacing, axis, SETTINGS), axis, 2)
    assert found[12:48, 16:22, 1:11].all()
    assert not found[:, MUSCLE].any()


def test_fat_enclosed_by_the_muscle_is_the_muscles_own() -> None:
    mask, values, _ = picture()
    values[:, 10:22] = 0.3  # no band: muscle as far as the outline
    values[24:36, 30:42, 4:8] = 0.95
    values[10:50, 16, :] = 0.3
    assert not fat_beyond(mask, values, SPACING, 2, SETTINGS).any()


def test_a_thin_layer_is_left_to_the_margin() -> None:
    mask, values, _ = picture()
    values[:, :13] = 0.2  # 3 voxels of fat outside, and the outline one voxel into them
    values[:, 16:22] = 0.3
    assert not fat_beyond(mask, values, SPACING, 2, SETTINGS).any()


def test_streaks_between_fibres_stay() -> None:
    mask, values, _ = picture()
    values[:, 16:22] = 0.3
    values[10:50:6, 10:50] = 0.95  # each one voxel wide, all reaching the fat outside
    assert not fat_beyond(mask, values, SPACING, 2, SETTINGS).any()


@given(st.floats(0.0, 0.69))
def test_the_rest_reads_what_the_muscle_holds(lean: float) -> None:
    mask, values, _ = picture(lean)
    core = Core(np.where(mask, values, np.float32(np.nan)), mask)
    cleared, share = without_fat_beyond(core, fat_beyond(mask, values, SPACING, 2, SETTINGS), SETTINGS)
    assert np.nanmean(cleared.own) == pytest.approx(lean, abs=0.01)
    assert share == pytest.approx(6 / 34, abs=0.02)
    assert not (cleared.deeper & ~np.isfinite(cleared.own)).any()


@given(st.floats(0.71, 1.0))
def test_a_muscle_that_may_be_fat_itself_is_not_touched(fat: float) -> None:
    mask, values, _ = picture(fat)
    core = Core(np.where(mask, values, np.float32(np.nan)), mask)
    assert without_fat_beyond(core, fat_beyond(mask, values, SPACING, 2, SETTINGS), SETTINGS) == (core, 0.0)


def test_where_most_of_it_would_go_nothing_goes() -> None:
    mask, values, _ = picture()
    beyond = mask.copy()
    beyond[:, 40:] = False
    core = Core(np.where(mask, values, np.float32(np.nan)), mask)
    assert without_fat_beyond(core, beyond, SETTINGS) == (core, 0.0)


def test_no_values_no_fat() -> None:
    mask, values, _ = picture()
    assert not fat_beyond(mask, np.full_like(values, np.nan), SPACING, 2, SETTINGS).any()


def test_how_much_is_said_and_how_much_needs_review_are_settings() -> None:
    parts = [SimpleNamespace(part=Part(Muscle.GLUTEUS_MAXIMUS, Region.WHOLE, Side.LEFT), fat_beyond=share) for share in (0.01, 0.03, 0.06)]

    def told(settings: FatBeyondSettings) -> list[tuple[str, bool]]:
        return [(flag.detail.split(" ")[0], flag.review) for flag in _fat_in_outlines(tuple(parts), settings)]  # type: ignore[arg-type]

    assert told(SETTINGS) == [("3%", False), ("6%", True)]
    assert told(SETTINGS.model_copy(update={"say": 0.005, "review": 0.025})) == [("1%", False), ("3%", True), ("6%", True)]
    assert told(SETTINGS.model_copy(update={"say": 1.0})) == [("6%", True)]  # what needs review is said
