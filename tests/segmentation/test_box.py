"""The box of a hip: no larger than glutei are, and no higher than the top of medius."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.segmentation import locate
from gluteal_grade.segmentation.locate import Box, _fullest, centred
from gluteal_grade.vocabulary import Side

SETTINGS = load_settings(None).segmentation.locator
IMAGE = Grid((100, 100, 160), np.diag([2.5, 2.5, 2.5, 1.0]))
FIRST = Box(Side.RIGHT, np.zeros(3), np.array([247.5, 247.5, 397.5]))


@given(st.lists(st.floats(0, 500), min_size=1, max_size=60), st.floats(1, 300))
def test_no_window_of_that_size_holds_more(positions: list[float], size_mm: float) -> None:
    values = np.array(positions)
    inside = _fullest(values, size_mm)
    assert np.ptp(values[inside]) <= size_mm + 1e-9
    assert inside.sum() == max(int(((values >= v) & (values <= v + size_mm)).sum()) for v in values)


def muscles(*tops: int) -> tuple[Volume, ...]:
    """Maximus, medius and minimus as blocks side by side from voxel 40 up to these heights."""
    volumes = []
    for number, top in enumerate(tops):
        array = np.zeros(IMAGE.shape, np.float32)
        array[20 + 10 * number : 30 + 10 * number, 30:60, 40:top] = 1.0
        volumes.append(Volume(array, IMAGE.affine))
    return tuple(volumes)


def test_what_lies_above_medius_is_not_looked_at_again() -> None:
    box = centred(FIRST, muscles(140, 90, 80), IMAGE, SETTINGS)
    assert box.high_mm[2] == pytest.approx(2.5 * 89 + SETTINGS.above_crest_mm, abs=2.5)
    assert box.low_mm[2] == pytest.approx(2.5 * 40 - SETTINGS.margin_mm, abs=5)


def test_without_medius_the_top_is_that_of_the_muscle() -> None:
    box = centred(FIRST, muscles(90, 40, 40), IMAGE, SETTINGS)
    assert box.high_mm[2] == pytest.approx(2.5 * 89 + SETTINGS.margin_mm, abs=5)


def test_medius_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by its place in a list."""
    box = centred(FIRST, muscles(140, 90, 80), IMAGE, SETTINGS)
    monkeypatch.setattr(locate, "HIP_MUSCLES", locate.HIP_MUSCLES[::-1])
    turned = centred(FIRST, muscles(140, 90, 80)[::-1], IMAGE, SETTINGS)
    assert np.array_equal(turned.high_mm, box.high_mm)
    assert centred(FIRST, muscles(140, 120, 80)[::-1], IMAGE, SETTINGS).high_mm[2] > box.high_mm[2]


def test_nothing_found_leaves_the_box() -> None:
    assert centred(FIRST, muscles(40, 40, 40), IMAGE, SETTINGS) is FIRST


def test_a_box_is_no_larger_than_glutei_are() -> None:
    array = np.ones(IMAGE.shape, np.float32)
    volumes = (Volume(array, IMAGE.affine), *(Volume(np.zeros(IMAGE.shape, np.float32), IMAGE.affine),) * 2)
    box = centred(FIRST, volumes, IMAGE, SETTINGS)
    assert (box.high_mm - box.low_mm <= np.array(SETTINGS.largest_mm) + 2 * SETTINGS.margin_mm + 1e-6).all()
