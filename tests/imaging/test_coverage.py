"""Coverage: untouched muscles are whole, cut ones are not, and the estimate follows the true share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.geometry import Volume
from gluteal_grade.imaging.coverage import coverage

MIN_MM2 = 20.0


def ball(shape: tuple[int, int, int] = (40, 40, 40), radius: float = 14.0) -> np.ndarray:
    x, y, z = np.indices(shape) - np.array([(n - 1) / 2 for n in shape])[:, None, None, None]
    return x**2 + y**2 + (z * 1.0) ** 2 < radius**2


def picture(shape: tuple[int, int, int]) -> Volume:
    return Volume(np.random.default_rng(0).random(shape, dtype=np.float32), np.diag([2.0, 2.0, 2.0, 1.0]))


def test_a_muscle_inside_is_whole() -> None:
    mask = ball()
    assert coverage(mask, picture(mask.shape), MIN_MM2).share == 1.0
    assert coverage(mask, picture(mask.shape), MIN_MM2).borders == ()


@pytest.mark.parametrize(
    ("axis", "from_start", "border"),
    [(0, True, "left"), (0, False, "right"), (1, True, "posterior"), (1, False, "anterior"), (2, True, "inferior"), (2, False, "superior")],
)
@pytest.mark.parametrize("cut", [8, 14, 18])
def test_the_cut_border_is_named_and_the_share_estimated(axis: int, from_start: bool, border: str, cut: int) -> None:
    whole = ball()
    part = np.take(whole, range(cut, 40) if from_start else range(40 - cut), axis=axis)
    found = coverage(part, picture(part.shape), MIN_MM2)
    assert found.borders == (border,)
    assert found.share == pytest.approx(part.sum() / whole.sum(), abs=0.06)


def test_padding_is_not_the_picture() -> None:
    whole = ball()
    image = picture(whole.shape)
    padded = image.array.copy()
    padded[:, :, 28:] = 0
    mask = whole.copy()
    mask[:, :, 28:] = False
    assert coverage(mask, image.with_array(padded), MIN_MM2).borders == ("superior",)
    assert coverage(mask, image, MIN_MM2).borders == ()


@given(st.integers(1, 39), st.integers(0, 2), st.booleans())
def test_share_is_a_share(cut: int, axis: int, from_start: bool) -> None:
    part = np.take(ball(), range(cut, 40) if from_start else range(40 - cut), axis=axis)
    found = coverage(part, picture(part.shape), MIN_MM2)
    if part.any():
        assert 0 < found.share <= 1
        assert (found.share == 1) == (not found.borders)
    else:
        assert np.isnan(found.share)
