"""Single voxels that no tissue gives are found; bright tissue, noise and metal are none."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gluteal_grade.imaging import stray_voxels
from tests.synthetic import ct, dixon, make_toy, t1

TOY = make_toy(spread=0.05)


@pytest.mark.parametrize(
    "image", [t1(TOY), t1(TOY, snr=5, bias=0.4), *dixon(TOY, snr=8), ct(TOY)], ids=["t1", "coil", "water", "fat", "ct"]
)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_none_in_sound_images(image: np.ndarray, axis: int) -> None:
    assert not stray_voxels(image, axis).any()


def test_a_bright_blurred_spot_is_none() -> None:
    """As signal piled up beside metal, or fat under a surface coil."""
    spot = np.zeros(TOY.fat.shape)
    spot[40, 40, 10] = 1.0
    spot = gaussian_filter(spot, 0.8)
    image = t1(TOY) + 4 * t1(TOY).max() * spot / spot.max()
    assert not stray_voxels(image, 2).any()


@pytest.mark.parametrize("place", [(0, 0, 0), (30, 50, 5), (-1, -1, -1)])
@pytest.mark.parametrize("lowest", [0.0, -1024.0])
def test_changed_bytes_are_found(place: tuple[int, int, int], lowest: float) -> None:
    image = t1(TOY) + lowest
    image[place] += 5 * (image.max() - lowest)
    image[20, 20, 5] = np.nan
    found = stray_voxels(image, 2)
    assert np.argwhere(found).tolist() == [[p % n for p, n in zip(place, image.shape, strict=True)]]


def test_images_without_a_picture() -> None:
    for image in (np.zeros((4, 4, 3)), np.full((4, 4, 3), np.nan), np.zeros((0, 4, 3))):
        assert not stray_voxels(image, 2).any()
