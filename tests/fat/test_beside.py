"""Fat beside muscle is as bright as the header lets expect, or it is said."""

import numpy as np
import pytest

from gluteal_grade.errors import Note, Reason
from gluteal_grade.fat.beside import contrast_note, fat_beside_muscle, over_expected, scale_in_doubt
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


def told(water: Volume, fat: Volume, axis: int, weighting: Weighting | None) -> tuple[Note, ...]:
    return contrast_note(over_expected(water, fat, axis, weighting), weighting)


@pytest.mark.parametrize("snr", [10, 60])
def test_one_scale(toy: Toy, snr: float) -> None:
    assert fat_beside_muscle(*pair(toy, snr), 2) == pytest.approx(1.0, abs=0.1)
    assert told(*pair(toy, snr), 2, PLAIN) == ()


@pytest.mark.parametrize("of", [{"fat": 0.5}, {"fat": 2.0}, {"water": 0.5}, {"water": 2.0}])
def test_one_image_at_another_scale(toy: Toy, of: dict[str, float]) -> None:
    (note,) = told(*pair(toy, **of), 2, PLAIN)
    assert note.reason is Reason.FAT_BRIGHTNESS


def test_shading_of_the_coil_is_no_other_scale(toy: Toy) -> None:
    x, y, _ = np.indices(toy.body.shape)
    shading = (0.3 + np.hypot(x - 72, y - 52) / 40) ** 1.5  # the surface is many times brighter than the middle
    w, f = (toy.volume(image.array * shading) for image in pair(toy))
    assert told(w, f, 2, PLAIN) == ()


def test_what_the_header_lets_expect(toy: Toy) -> None:
    heavy = Weighting(3.8, 0.1, 1.02, "flip 90 degrees")
    assert told(*pair(toy, fat=3.8), 2, heavy) == ()
    (note,) = told(*pair(toy), 2, heavy)  # the header of another measurement
    assert "let expect 3.88" in note.detail


def test_nothing_is_said_where_nothing_is_known(toy: Toy) -> None:
    spoilt = pair(toy, fat=0.5)
    assert told(*spoilt, 2, None) == ()
    assert told(*spoilt, 2, Weighting(1.0, 0.05, None, "", agent=True)) == ()
    empty = toy.volume(np.zeros((8, 8, 4)))
    assert fat_beside_muscle(empty, empty, 2) is None


@pytest.mark.parametrize("times", [0.6, 0.8, 1.0, 1.3, 1.7])
def test_how_many_times_too_bright_fat_may_be(toy: Toy, times: float) -> None:
    found = scale_in_doubt(over_expected(*pair(toy, fat=times), 2, PLAIN), PLAIN)
    assert found == (1.0 if times == 1.0 else pytest.approx(times, rel=0.1))
