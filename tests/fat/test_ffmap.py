"""Vendor fat-fraction maps in every scale, and those whose scale cannot be told."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.fat.ffmap import from_map
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import dixon, make_toy, series

FAT = load_settings().fat


@pytest.mark.parametrize("scale", [1.0, 100.0, 1000.0])
@pytest.mark.parametrize("with_image", [True, False])
def test_scales(scale: float, with_image: bool) -> None:
    toy = make_toy(0.3)
    stored = series("ff", SeriesKind.FAT_FRACTION, toy.volume(scale * np.nan_to_num(toy.fat)))
    image = series("in", SeriesKind.DIXON_IN_PHASE, toy.volume(sum(dixon(toy)))) if with_image else None
    fat = from_map(stored, image, FAT)
    glutei = toy.labels.array > 0
    assert fat.facts["map_scale"] == scale
    assert np.abs(fat.volume.array[glutei] - toy.fat[glutei]).max() < 1e-5
    assert np.isnan(fat.volume.array[~toy.body]).all() == with_image


@pytest.mark.parametrize("top", [0.2, 3.0, 4095.0])
def test_unknown_scale_is_refused(top: float) -> None:
    toy = make_toy()
    stored = series("ff", SeriesKind.FAT_FRACTION, toy.volume(top * np.nan_to_num(toy.fat)))
    with pytest.raises(RefusedInput) as caught:
        from_map(stored, None, FAT)
    assert caught.value.reason is Reason.FF_SCALE_UNKNOWN
