"""The signal of water, fat and R2*: fits find what made the signal, and say when they cannot."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import load_settings
from gluteal_grade.fat.echo_model import EchoModel, echo_model, fit_echoes
from tests.synthetic import FAT_PEAKS

SETTINGS = load_settings().fat.multi_echo
SIX = (1.15, 2.3, 3.45, 4.6, 5.75, 6.9)
TRAINS = {"6 at 3 T": (SIX, 3.0), "6 at 1.5 T": ((1.2, 3.2, 5.2, 7.2, 9.2, 11.2), 1.5), "3 at 3 T": ((1.15, 2.3, 3.45), 3.0)}


def model(te_ms: tuple[float, ...] = SIX, field_t: float = 3.0) -> EchoModel:
    return echo_model(te_ms, field_t, 38.0, SETTINGS)


def by_definition(
    fraction: float, r2_star: float, te_ms: tuple[float, ...], field_t: float, peaks: Sequence[tuple[float, float]]
) -> np.ndarray:
    """Each line of fat turns by itself; nothing of the model's own algebra."""
    whole = sum(share for _, share in peaks)
    echoes = []
    for te in te_ms:
        fat = sum(share / whole * np.exp(2j * np.pi * ppm * 42.577 * field_t * te / 1000) for ppm, share in peaks)
        echoes.append(abs(1 - fraction + fraction * fat) * np.exp(-r2_star * te / 1000))
    return np.array(echoes)


def fitted(signals: np.ndarray, of: EchoModel, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Fraction and R2* of (n, echoes) signals that lie in one slice."""
    shape = (len(signals) // 20, 20, 1)
    found = fit_echoes([echo.reshape(shape) for echo in signals.T], of, np.ones(shape, bool), sigma, 2)
    return found.fraction.ravel(), found.r2_star.ravel()


@pytest.mark.parametrize("train", TRAINS)
@given(fraction=st.floats(0, 1), r2_star=st.floats(0, 200))
def test_the_signal_is_that_of_its_definition(train: str, fraction: float, r2_star: float) -> None:
    te, field = TRAINS[train]
    ours = model(te, field).signal(np.array([fraction]), np.array([r2_star]))[0]
    expected = by_definition(fraction, r2_star, te, field, [(peak.ppm, peak.share) for peak in SETTINGS.peaks])
    np.testing.assert_allclose(ours, expected, atol=1e-4)  # the size is held above 1e-4, where both cancel


@pytest.mark.parametrize("train", ["6 at 3 T", "6 at 1.5 T"])
@given(fraction=st.floats(0, 1), r2_star=st.floats(10, 120), scale=st.floats(1, 5000))
def test_without_noise_the_fit_is_what_made_it(train: str, fraction: float, r2_star: float, scale: float) -> None:
    te, field = TRAINS[train]
    of = model(te, field)
    signals = np.repeat(scale * of.signal(np.array([fraction]), np.array([r2_star])), 20, axis=0)
    found, rate = fitted(signals, of, 0.005 * scale)
    # where half is fat the two fits meet, and at some of these echoes next to nothing is left of the signal
    assert found == pytest.approx(fraction, abs=0.01 if abs(fraction - 0.5) > 0.1 else 0.1)
    assert abs(fraction - 0.5) < 0.1 or rate == pytest.approx(r2_star, abs=5)


@pytest.mark.parametrize("train", TRAINS)
@pytest.mark.parametrize("fraction", [0.03, 0.15, 0.35, 0.7, 0.95])
def test_noise_and_another_spectrum_move_the_mean_by_little(train: str, fraction: float) -> None:
    te, field = TRAINS[train]
    clean = by_definition(fraction, 38, te, field, FAT_PEAKS)
    rng = np.random.default_rng(3)
    noisy = np.abs(clean + 0.01 * (rng.standard_normal((2000, len(te))) + 1j * rng.standard_normal((2000, len(te)))))
    found, _ = fitted(noisy, model(te, field), 0.01)
    assert found.mean() == pytest.approx(fraction, abs=0.02)
    assert (np.abs(found - fraction) > 0.2).mean() < 0.005


def test_precision_is_the_scatter_of_fits() -> None:
    of = model()
    rng = np.random.default_rng(4)
    signals = of.signal(np.full(4000, 0.15), np.full(4000, 38.0))
    found, _ = fitted(signals + 0.01 * rng.standard_normal(signals.shape), of, 0.01)
    assert found.std() == pytest.approx(of.precision(), rel=0.1)


def test_echo_times_that_tell_nothing_are_known_for_it() -> None:
    in_phase = model((2.3, 4.6, 6.9, 9.2))
    assert in_phase.precision() > 5 * model().precision()
    assert model((1.1500, 1.1501, 1.1502, 1.1503)).precision() > 100 * model().precision()
    one_peak = SETTINGS.model_copy(update={"peaks": (SETTINGS.peaks[4],)})
    # one line beats with nothing: what is water and what is fat, nobody can tell
    assert echo_model(SIX, 3.0, 38.0, one_peak).told_apart() < 0.1 * model().told_apart()
