"""Two-point magnitudes: unfolded where the in-phase contrast tells, otherwise nothing is claimed."""

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.in_opposed import from_in_opposed
from gluteal_grade.vocabulary import Muscle, SeriesKind, Side
from tests.synthetic import Toy, make_toy, rician, series

FAT = load_settings().fat
SMALL = {"shape": (96, 70, 14), "spacing": (3.75, 3.75, 6.0)}


def pair(toy: Toy, fat_weight: float, snr: float = 50) -> tuple:
    """In- and opposed-phase series in which fat is `fat_weight` times as bright as water."""
    fraction = np.nan_to_num(toy.fat)
    water, fat = np.where(toy.body, 1 - fraction, 0), fat_weight * fraction
    sigma = 800 / snr
    images = rician(800 * (water + fat), sigma, 1), rician(800 * np.abs(water - fat), sigma, 2)
    kinds = SeriesKind.DIXON_IN_PHASE, SeriesKind.DIXON_OPPOSED_PHASE
    return tuple(series(k.value, k, toy.volume(i)) for k, i in zip(kinds, images, strict=True))


@pytest.mark.long
@pytest.mark.parametrize("weight", [1.8, 2.5])
@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.34, 0.45, 0.6, 0.9])
def test_t1_weighted_in_phase_unfolds(fraction: float, weight: float) -> None:
    """Around half of the tissue too, where the signal is mostly fat already (the brighter fat, the earlier)."""
    toy = make_toy({(Muscle.GLUTEUS_MEDIUS, Side.LEFT): fraction}, **SMALL)
    fat = from_in_opposed(*pair(toy, weight), FAT)
    assert not fat.folded
    mask = toy.labels.array == 220
    # the signal fraction of a T1-weighted pair is not the proton-density fraction: the truth to compare with is F/(F+W) in signal
    signal_fraction = weight * toy.fat / (weight * toy.fat + 1 - toy.fat)
    assert np.nanmean(fat.volume.array[mask]) == pytest.approx(np.mean(signal_fraction[mask]), abs=0.03)


def test_without_contrast_nothing_is_claimed() -> None:
    toy = make_toy(0.1, **SMALL)
    fat = from_in_opposed(*pair(toy, 1.0), FAT)
    assert fat.folded
    assert fat.notes[0].reason is Reason.AMBIGUOUS_DOMINANCE
