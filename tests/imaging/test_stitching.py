"""Two stations compared where they overlap."""

import numpy as np
import pytest

from gluteal_grade.imaging import likeness_of, offset_of, ramp
from tests.in_stations import fine


def overlap(slices: slice = slice(28, 32)) -> list[np.ndarray]:
    _, water, fat = fine()
    return [water[:, :, slices], fat[:, :, slices]]


@pytest.mark.parametrize("gain", [0.4, 1.0, 1.7])
def test_one_factor_for_all_contrasts(gain: float) -> None:
    found = likeness_of(overlap(), [gain * one for one in overlap()])
    assert found.gain == pytest.approx(gain, rel=1e-6)
    assert found.correlation == pytest.approx(1)
    assert [offset_of(one, gain * one, gain) for one in overlap()] == [0, 0]


def test_an_offset_of_one_contrast_is_told_from_a_factor() -> None:
    water, fat = overlap()
    upper = [1.3 * water + 40, 1.3 * fat]
    found = likeness_of([water, fat], upper)
    assert found.gain == pytest.approx(1.3, rel=0.01)
    assert offset_of(water, upper[0], found.gain) == pytest.approx(40, rel=0.1)
    assert offset_of(fat, upper[1], found.gain) == 0


def test_neighbouring_slices_with_noise_of_their_own_are_alike() -> None:
    found = likeness_of(overlap(slice(28, 30)), overlap(slice(30, 32)))
    assert found.gain == pytest.approx(1, abs=0.01)
    assert found.correlation > 0.98


def test_another_picture_is_not_alike() -> None:
    water, fat = overlap()
    assert likeness_of([water, fat], [np.roll(water, 40, axis=0), np.roll(fat, 40, axis=0)]).correlation < 0.5


def test_where_nothing_is_seen_nothing_is_told() -> None:
    nothing = [np.zeros_like(one) for one in overlap()]
    assert np.isnan(likeness_of(nothing, nothing).correlation)
    assert np.isnan(likeness_of([overlap()[0][:3, :3]], [overlap()[0][:3, :3]]).correlation)


def test_a_ramp_rises_from_one_station_to_the_other() -> None:
    weights = ramp(4)
    assert np.all(np.diff(weights) > 0)
    assert np.allclose(weights + weights[::-1], 1)
    assert ramp(1) == pytest.approx([0.5])
