"""The noise floor: sigma found with air and without it, and the bias of fractions gone at every SNR."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gluteal_grade.config import load_settings
from gluteal_grade.fat.dixon import from_water_fat
from gluteal_grade.fat.rician import without_floor
from gluteal_grade.imaging.noise import NoiseSource, air_sigma, noise_of, tissue_sigma
from gluteal_grade.vocabulary import SeriesKind
from tests.synthetic import Toy, dixon, make_toy, rician, series

FAT = load_settings().fat


@pytest.mark.parametrize("sigma", [2.0, 25.0, 60.0])
def test_sigma_from_air(sigma: float) -> None:
    toy = make_toy()
    image = rician(np.where(toy.body, 500.0, 0.0), sigma, seed=3)
    assert air_sigma(image, toy.body, FAT.noise) == pytest.approx(sigma, rel=0.02)
    assert air_sigma(np.rint(image / sigma), toy.body, FAT.noise) == pytest.approx(1.0, rel=0.08)


@pytest.mark.parametrize("snr", [8, 15, 30])
@pytest.mark.parametrize("blanked", [True, False])
def test_without_air_sigma_comes_from_tissue(snr: float, blanked: bool) -> None:
    toy = make_toy(0.2, spread=0.0)
    water = rician(np.where(toy.body, 1 - np.nan_to_num(toy.fat), 0.0), 1 / snr, seed=3)
    body = toy.body if blanked else np.ones_like(toy.body)
    if blanked:
        water = np.where(toy.body, water, 0)
        assert air_sigma(water, body, FAT.noise) is None
    else:  # all the picture is body
        water = rician(np.full(toy.body.shape, 0.9), 1 / snr, seed=3)
    found = noise_of(water, body, 2, FAT.noise)
    assert found is not None
    assert found.source is NoiseSource.TISSUE
    assert found.sigma == pytest.approx(1 / snr, rel=0.08)


def test_noise_that_neighbours_share_is_seen() -> None:
    """Interpolated in-plane by zero-filling: neighbours differ by far less than sigma."""
    rng = np.random.default_rng(4)
    small = np.fft.fft2(10 + rng.standard_normal((64, 64, 12)) + 1j * rng.standard_normal((64, 64, 12)), axes=(0, 1))
    large = np.zeros((128, 128, 12), complex)
    large[32:96, 32:96] = np.fft.fftshift(small, axes=(0, 1))
    image = np.abs(np.fft.ifft2(np.fft.ifftshift(large, axes=(0, 1)), axes=(0, 1))) * 4
    found = tissue_sigma(image.astype(np.float32), np.ones(image.shape, bool), 2, FAT.noise)
    assert found == pytest.approx(image.std(), rel=0.12)


def test_air_that_is_no_plain_noise_is_not_used() -> None:
    """Half-normal air, as of a difference of two magnitudes; and a single value all over."""
    toy = make_toy()
    image = np.where(toy.body, 500.0, np.abs(np.random.default_rng(1).standard_normal(toy.body.shape)))
    assert air_sigma(image, toy.body, FAT.noise) is None
    assert air_sigma(np.where(toy.body, 500.0, 3.0), toy.body, FAT.noise) is None


@settings(max_examples=25, deadline=None)
@given(signal=st.floats(0, 12), seed=st.integers(0, 1000))
def test_mean_of_a_cleaned_magnitude_is_the_signal(signal: float, seed: int) -> None:
    image = rician(np.full((40, 40, 10), signal), 1.0, seed).astype(np.float32)
    cleaned = without_floor(image, 1.0, np.ones(image.shape, bool))
    # near no signal at all the neighbours' median is too uncertain: some of the floor is left
    assert float(cleaned.signal.mean()) == pytest.approx(signal, abs=0.35 if signal < 0.4 else 0.16)
    assert float(cleaned.variance.mean()) == pytest.approx(float(cleaned.signal.var()), rel=0.2)


def test_unknown_sigma_changes_nothing() -> None:
    image = np.arange(8.0, dtype=np.float32).reshape(2, 2, 2)
    assert np.array_equal(without_floor(image, None, np.ones(image.shape, bool)).signal, image)


def error_points(toy: Toy, snr: float, blank: bool) -> float:
    images = dixon(toy, snr=snr)
    if blank:
        near = ndimage.binary_dilation(toy.body, iterations=2)
        images = tuple(np.where(near, image, 0) for image in images)
    pair = [series(k.value, k, toy.volume(i)) for k, i in zip((SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT), images, strict=True)]
    values = from_water_fat(*pair, FAT).volume.array
    glutei = toy.labels.array > 0
    return 100 * float(np.nanmean(values[glutei]) - np.mean(toy.fat[glutei]))


@pytest.mark.long
@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize(("snr", "tolerance"), [(8, 1.8), (15, 0.8), (30, 0.4)])
def test_fractions_are_not_bent_by_noise(snr: float, tolerance: float, blank: bool) -> None:
    """Lean and fatty alike."""
    for fraction in (0.05, 0.12, 0.5, 0.92):
        assert abs(error_points(make_toy(fraction, spread=0.0, shape=(96, 70, 24), spacing=(3.75, 3.75, 6.0)), snr, blank)) < tolerance
