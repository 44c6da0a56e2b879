"""Synthetic studies: one seed, one anatomy; labels on the image grid; field of view as asked."""

from __future__ import annotations

import numpy as np
import pytest

from gluteal_grade_lab.training.synth import StudyDraw, draw_study
from tests.lab.training.toy_body import toy_body


def test_the_same_seed_gives_the_same_study_and_fat_or_contrast_leave_the_anatomy() -> None:
    body = toy_body()
    one, again = (draw_study(body, StudyDraw("t1", slice_mm=3.0), 7) for _ in range(2))
    assert np.array_equal(one.image.array, again.image.array)
    fatty = draw_study(body, StudyDraw("stir", slice_mm=3.0, fat_percent=80), 7)
    assert np.array_equal(one.labels.array, fatty.labels.array)
    assert not np.array_equal(one.image.array, fatty.image.array)


@pytest.mark.parametrize(("plane", "axis"), [("axial", 2), ("coronal", 1), ("sagittal", 0)])
def test_slices_are_as_thick_as_asked(plane: str, axis: int) -> None:
    study = draw_study(toy_body(), StudyDraw("t1", plane=plane, slice_mm=6.0, in_plane_mm=1.5), 1)  # type: ignore[arg-type]
    assert study.image.spacing_mm[axis] == pytest.approx(6.0)
    assert sorted(study.image.spacing_mm)[:2] == pytest.approx([1.5, 1.5])
    assert study.image.shape == study.labels.shape == study.dixon[0].shape


@pytest.mark.parametrize(("fov", "kept", "lost"), [("right_hip", 1, 2), ("left_hip", 2, 1)])
def test_one_hip_in_view(fov: str, kept: int, lost: int) -> None:
    study = draw_study(toy_body(), StudyDraw("t1", fov=fov, slice_mm=3.0), 2)  # type: ignore[arg-type]
    sides = study.labels.array // 100
    assert (sides == kept).sum() > 1.8 * max((sides == lost).sum(), 1)


def test_right_is_at_high_x() -> None:
    labels = draw_study(toy_body(), StudyDraw("water"), 0).labels
    right, left = (np.argwhere(labels.array // 100 == side)[:, 0].mean() for side in (1, 2))
    assert right > left


def test_ct_is_in_hounsfield_units() -> None:
    image = draw_study(toy_body(), StudyDraw("ct", noise=0.01), 0).image.array
    assert image.min() < -150
    assert 100 < image.max() < 1000


def test_an_unknown_field_of_view_is_refused() -> None:
    with pytest.raises(ValueError, match="field of view"):
        draw_study(toy_body(), StudyDraw(fov="elbow"), 0)  # type: ignore[arg-type]
