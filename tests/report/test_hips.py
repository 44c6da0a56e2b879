"""Both hips at one scale, the left one mirrored: exactly."""

import dataclasses

import numpy as np
import pytest

from gluteal_grade.drawing.page import Area
from gluteal_grade.pipeline import StudyImages
from gluteal_grade.report._hips import hip_pairs
from gluteal_grade.report.overlay import write_overlays
from gluteal_grade.report.shown import prepare
from gluteal_grade.vocabulary import Side
from tests.report.studies import toy_study


@pytest.fixture(scope="module")
def symmetric():
    """A study whose left half is its right half's mirror image, voxel by voxel."""
    result, images = toy_study()
    half = images.labels.shape[0] // 2
    sided = images.labels.array.copy()
    sided[:half] = np.where(sided[half:][::-1] > 0, sided[half:][::-1] + 100, 0)
    image, fat = images.image.array.copy(), images.fat_fraction.array.copy()
    for array in (image, fat):
        array[:half] = array[half:][::-1]
    return result, StudyImages(
        images.image.with_array(image), images.labels.with_array(sided), images.fat_fraction.with_array(fat), 2, False
    )


def test_the_mirrored_hip_is_the_left_one_pixel_by_pixel():
    _, images = toy_study()
    shown, _ = prepare(images)
    pairs = hip_pairs(shown)
    assert len(pairs) >= 3
    for pair in pairs:
        cut = pair.shown.cut
        assert pair.right.grey.shape == pair.left.grey.shape
        for name in ("grey", "labels", "fat"):
            left = getattr(pair.left, name)[:, ::-1]
            assert _holds(getattr(cut, name), left), f"{name}: a part of the slice, turned over"
            assert _holds(getattr(cut, name), getattr(pair.right, name))
        assert set(np.unique(pair.right.labels) // 100) - {0} == {1}
        assert set(np.unique(pair.left.labels) // 100) - {0} == {2}
        assert (cut.labels // 100 == 1).sum() == (pair.right.labels > 0).sum()
        assert (cut.labels // 100 == 2).sum() == (pair.left.labels > 0).sum()
        assert (pair.right.view.left, pair.right.view.right) == ("R", "L")
        assert (pair.left.view.left, pair.left.view.right) == ("L", "R"), "letters say where the patient's sides are"
        assert pair.left.mirrored().mirrored().labels.tolist() == pair.left.labels.tolist()


def _holds(whole: np.ndarray, part: np.ndarray) -> bool:
    """Whether a picture holds another as it is; what was added beyond its edges is blank."""
    rows, columns = (np.flatnonzero((np.nan_to_num(part) != 0).any(axis=axis)) for axis in (1, 0))
    core = part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    windows = np.lib.stride_tricks.sliding_window_view(whole, core.shape)
    same = np.isclose(windows, core, equal_nan=True, rtol=0, atol=0)
    return bool(same.all(axis=(2, 3)).any())


def test_equal_hips_give_equal_pictures(symmetric, tmp_path, monkeypatch):
    drawn: list[tuple[int, np.ndarray]] = []
    draw = Area.image

    def record(self, rgb, x=0, y=0):
        drawn.append((self.top + y, rgb))
        draw(self, rgb, x, y)

    monkeypatch.setattr(Area, "image", record)
    result, images = symmetric
    assert write_overlays(result, images, tmp_path)[-1].name == "overlay_hips.png"
    narrow = [rgb for _, rgb in drawn if rgb.shape[0] > 100 and rgb.shape[0] > rgb.shape[1]]
    assert len(narrow) == 4 * 4, "the strip of the summary and three levels"
    for n in range(0, len(narrow), 2):
        assert np.array_equal(narrow[n], narrow[n + 1])
    assert not np.array_equal(narrow[0], narrow[2])


def test_without_both_hips_or_in_sagittal_slices_nothing_is_compared():
    _, images = toy_study(side=Side.LEFT)
    assert hip_pairs(prepare(images)[0]) == []
    _, images = toy_study(slice_axis=0)
    assert hip_pairs(prepare(images)[0]) == []
    _, images = toy_study()
    empty = dataclasses.replace(images, labels=images.labels.with_array(np.zeros(images.labels.shape, np.uint8)))
    assert hip_pairs(prepare(empty)[0]) == []


def test_coronal_slices_are_compared_too():
    _, images = toy_study(slice_axis=1)
    pairs = hip_pairs(prepare(images)[0])
    assert pairs
    assert pairs[0].left.view.left == "L"
