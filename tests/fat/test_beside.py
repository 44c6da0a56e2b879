"""Fat beside muscle is as bright as the header lets expect, or it is said."""

import numpy as np
import pytest

from gluteal_grade.errors import Reason
from gluteal_grade.fat.beside import contrast_note, fat_beside_muscle
from gluteal_grade.fat.weighting import Weighting
from gluteal_grade.geometry import Volume
from tests.synthetic import Toy, dixon, make_toy

PLAIN = Weighting(1.0, 0.05, None, "")


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy(0.12)


def pair(toy: Toy, snr: float = 60, water: float = 1.0, fat: float = 1.0) -> tuple[Volume, Volume]:
    w, f = dixon(toy, snr=snr)
    return toy.volume(water * w), toy.volume(fat * f)


@pytest.mark.parametrize("snr", [10, 60])
def test_one_scale(toy: Toy, snr: float) -> None:
    assert fat_beside_muscle(*pair(toy, snr), 2) == pytest.approx(1.0, abs=0.1)
    assert contrast_note(*pair(toy, snr), 2, PLAIN) == ()


@pytest.mark.parametrize("of", [{"fat": 0.5}, {"fat": 2.0}, {"water": 0.5}, {"water": 2.0}])
def test_one_image_at_another_scale(toy: Toy, of: dict[str, float]) -> None:
    (note,) = contrast_note(*pair(toy, **of), 2, PLAIN)
    assert note.reason is Reason.FAT_BRIGHTNESS


def test_shading_of_the_coil_is_no_other_scale(toy: Toy) -> None:
    x, y, _ = np.indices(toy.body.shape)
    shading = (0.3 + np.hypot(x - 72, y - 52) / 40) ** 1.5  # the surface is many times brighter than the middle
    w, f = (toy.volume(image.array * shading) for image in pair(toy))
    assert contrast_note(w, f, 2, PLAIN) == ()


def test_what_the_header_lets_expect(toy: Toy) -> None:
    heavy = Weighting(3.8, 0.1, 1.02, "flip 90 degrees")
    assert contrast_note(*pair(toy, fat=3.8), 2, heavy) == ()
    (note,) = contrast_note(*pair(toy), 2, heavy)  # the header of another measurement
    assert "let expect 3.88" in note.detail


def test_nothing_is_said_where_nothing_is_known(toy: Toy) -> None:
    spoilt = pair(toy, fat=0.5)
    assert contrast_note(*spoilt, 2, None) == ()
    assert contrast_note(*spoilt, 2, Weighting(1.0, 0.05, None, "", agent=True)) == ()
    empty = toy.volume(np.zeros((8, 8, 4)))
    assert fat_beside_muscle(empty, empty, 2) is None
