"""The noise floor: sigma found from air, and the bias of low fractions gone."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.fat.noise import air_sigma, without_floor
from tests.synthetic import dixon_study, make_toy, rician

FAT = load_settings().fat


@pytest.mark.parametrize("sigma", [2.0, 25.0])
def test_sigma_from_air(sigma: float) -> None:
    toy = make_toy()
    image = rician(np.where(toy.body, 500.0, 0.0), sigma, seed=3)
    assert air_sigma(image, toy.body) == pytest.approx(sigma, rel=0.02)


def test_blanked_or_missing_air_gives_no_sigma() -> None:
    toy = make_toy()
    image = rician(np.where(toy.body, 500.0, 0.0), 10, seed=3)
    assert air_sigma(np.where(toy.body, image, 0), toy.body) is None
    assert air_sigma(image, np.ones_like(toy.body)) is None
    assert np.array_equal(without_floor(image, None), image)


@pytest.mark.parametrize(("snr", "tolerance"), [(15, 0.013), (20, 0.006), (30, 0.003), (60, 0.002)])
@pytest.mark.parametrize("fraction", [0.06, 0.12, 0.5])
def test_low_fractions_are_not_lifted_by_noise(snr: float, tolerance: float, fraction: float) -> None:
    toy = make_toy(fraction, spread=0.0)
    fat = from_water_fat(*dixon_study(toy, snr=snr).series, FAT).volume.array
    assert np.mean(fat[toy.labels.array > 0]) == pytest.approx(fraction, abs=tolerance)
