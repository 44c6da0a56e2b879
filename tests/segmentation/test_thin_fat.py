"""Thin fat made plainer: which way, where, and what stays as it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluteal_grade.config import ThinFatSettings, load_settings
from gluteal_grade.geometry import Volume
from gluteal_grade.segmentation.thin_fat import fat_is_bright, with_thin_fat

_SETTINGS = load_settings().segmentation.hip.thin_fat
_LINE = 60  # first index of the plane between two muscles
_MUSCLE, _FAT, _SHOWN = 300.0, 1000.0, 500.0


def _scene(spacing: tuple[float, float, float] = (1.0, 1.0, 5.0), muscle: float = _MUSCLE, fat: float = _FAT) -> tuple[Volume, Volume]:
    """Two muscles 60 mm across in fat, with a line one voxel wide between them that shows some of its fat; and the coarse look."""
    counts = [round(mm / s) for mm, s in zip((120, 120, 60), spacing, strict=True)]
    place = np.stack(np.meshgrid(*((np.arange(n) + 0.5) * s for n, s in zip(counts, spacing, strict=True)), indexing="ij"))
    inside = (np.abs(place[:2] - 60) < 30).all(axis=0)
    values = np.where(inside, muscle, fat).astype(np.float32)
    line = inside & (place[0] >= 60) & (place[0] < 60 + spacing[0])
    values[line] = muscle + (fat - muscle) * (_SHOWN - _MUSCLE) / (_FAT - _MUSCLE)
    values[:2] = 0  # both ends of the scale are there
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = np.array(spacing) / 2
    coarse = np.zeros((24, 24, 12), np.uint8)
    coarse[6:18, 6:18] = 1
    at = np.diag([5.0, 5.0, 5.0, 1.0])
    at[:3, 3] = 2.5
    return Volume(values, affine), Volume(coarse, at)


def test_a_line_of_bright_fat_stands_out_more_and_nothing_else_moves() -> None:
    image, glutei = _scene()
    seen = with_thin_fat(image, glutei, _SETTINGS, ct=False)
    line = image.array == _SHOWN
    assert line.sum() == 60 * 12
    usual = 1 / 15  # one pixel in fifteen around is the line, where no end of it is near
    middle = (_LINE, slice(45, 75))
    assert np.allclose(seen.array[middle], _MUSCLE + (1 + _SETTINGS.times * (1 - usual)) * (_SHOWN - _MUSCLE))
    assert (seen.array[line] > _SHOWN).all()
    assert np.array_equal(seen.array[~line], image.array[~line])


def test_in_a_muscle_full_of_streaks_a_streak_is_no_line() -> None:
    image, glutei = _scene()
    image.array[46:75:4, 35:85] = _SHOWN
    alone = with_thin_fat(_scene()[0], glutei, _SETTINGS, ct=False).array[_LINE, 60, 6]
    among = with_thin_fat(image, glutei, _SETTINGS, ct=False).array[58, 60, 6]
    assert _SHOWN < among < _SHOWN + 0.85 * (alone - _SHOWN)


@pytest.mark.parametrize(("muscle", "fat", "ct"), [(600.0, 100.0, False), (55.0, -95.0, True), (500.0, 500.0, False)])
def test_where_fat_is_not_brighter_it_is_the_image(muscle: float, fat: float, ct: bool) -> None:
    image, glutei = _scene(muscle=muscle, fat=fat)
    assert ct or not fat_is_bright(image, glutei)
    assert with_thin_fat(image, glutei, _SETTINGS, ct=ct) is image


def test_no_line_leaves_the_scale_of_the_image() -> None:
    image, glutei = _scene()
    bright = with_thin_fat(image, glutei, ThinFatSettings(times=5.0, width_mm=4.0, widest_pixel_mm=2.0), ct=False)
    assert _SHOWN * 2 < bright.array.max() <= 1.1 * _FAT


@pytest.mark.parametrize("wider", [(2.5, 2.5, 5.0), (1.0, 2.5, 5.0)])
def test_wide_pixels_show_no_lines(wider: tuple[float, float, float]) -> None:
    image, glutei = _scene(wider)
    assert with_thin_fat(image, glutei, _SETTINGS, ct=False) is image


def test_switched_off_or_nothing_found_it_is_the_image() -> None:
    image, glutei = _scene()
    nothing = glutei.with_array(np.zeros_like(glutei.array))
    assert with_thin_fat(image, glutei, ThinFatSettings(times=0.0, width_mm=4.0, widest_pixel_mm=2.0), ct=False) is image
    assert with_thin_fat(image, nothing, _SETTINGS, ct=False) is image


def test_a_thin_slice_of_fat_is_no_line() -> None:
    """Across thick slices, one that differs is a slice, not a plane between muscles."""
    image, glutei = _scene()
    image.array[40:80, 40:80, 5] = 700.0
    seen = with_thin_fat(image, glutei, _SETTINGS, ct=False)
    assert np.array_equal(seen.array[40:55, 40:80, 5], image.array[40:55, 40:80, 5])


@given(st.permutations([0, 1, 2]), st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_way_an_image_is_stored_changes_nothing(order: list[int], flips: list[bool]) -> None:
    image, glutei = _scene((2.0, 1.5, 5.0))
    affine, array = image.affine[:, [*order, 3]], image.array.transpose(order)
    for axis in np.flatnonzero(flips):
        turn = np.eye(4)
        turn[axis, axis], turn[axis, 3] = -1, array.shape[axis] - 1
        affine, array = affine @ turn, np.flip(array, axis)
    stored = Volume(np.ascontiguousarray(array), affine)
    one, other = (with_thin_fat(v, glutei, _SETTINGS, ct=False) for v in (image, stored))
    assert one is not image
    assert np.allclose(one.array, other.array)
    assert np.allclose(one.affine, other.affine)


def test_far_from_the_glutei_the_image_is_as_it_was() -> None:
    image, glutei = _scene()
    small = glutei.with_array(np.zeros_like(glutei.array))
    small.array[6:8, 6:18] = 1
    image.array[20, :] = 500.0  # two lines, one near and one far
    image.array[100, :] = 1040.0
    seen = with_thin_fat(image, small, _SETTINGS, ct=False)
    assert np.array_equal(seen.array[82:], image.array[82:])
    assert not np.array_equal(seen.array[:80], image.array[:80])
