"""Bring your own labels: placed right, or refused with the reason."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Grid, Volume
from gluteal_grade.io.study import Study
from gluteal_grade.segmentation.labelmap import LabelMapSegmenter
from gluteal_grade.segmentation.numbering import load_numbering
from gluteal_grade.vocabulary import SeriesKind
from tests.strategies import grids
from tests.synthetic import make_toy, series

OURS = load_numbering("gluteal_grade")


def save(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def segment(path: Path, *volumes: Volume):
    study = Study("0" * 12, tuple(series(f"s{i}", SeriesKind.T1, v) for i, v in enumerate(volumes)))
    return LabelMapSegmenter(path, OURS, "gluteal_grade").segment(study, ())


def refused(path: Path, *volumes: Volume) -> RefusedInput:
    with pytest.raises(RefusedInput) as caught:
        segment(path, *volumes)
    return caught.value


@given(grid=grids(shape=(7, 6, 5)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_any_axis_order_lands_on_the_image(grid: Grid, tmp_path: Path) -> None:
    array = np.zeros(grid.shape, np.int16)
    array[4:, 2, 3], array[:3, 2, 3] = 110, 210
    image = Volume(np.ones(grid.shape), grid.affine).to_ras()
    found = segment(save(tmp_path / "l.nii.gz", array, grid.affine), image)
    assert found.labels.grid.matches(image.grid, 1e-3)
    for value in (110, 210):
        before = Volume(array == value, grid.affine).centroid_mm()
        after = found.labels.with_array(found.labels.array == value).centroid_mm()
        assert np.linalg.norm(before - after) < 1e-3


def test_the_series_the_labels_fit_is_the_reference(tmp_path: Path) -> None:
    toy = make_toy()
    other = Volume(np.ones((9, 9, 9)), np.eye(4))
    found = segment(save(tmp_path / "l.nii", toy.labels.array, toy.grid.affine), other, toy.volume(toy.fat))
    assert found.reference.id == "s1"
    assert len(found.source_hash) == 64


def test_whole_number_floats_are_fine_fractions_are_not(tmp_path: Path) -> None:
    toy = make_toy()
    image = toy.volume(toy.fat)
    as_float = toy.labels.array.astype(np.float32)
    assert np.array_equal(segment(save(tmp_path / "a.nii", as_float, toy.grid.affine), image).labels.array, toy.labels.array)
    assert refused(save(tmp_path / "b.nii", as_float * 0.01, toy.grid.affine), image).reason is Reason.LABELS_NOT_INTEGER
    assert refused(save(tmp_path / "c.nii", as_float * np.nan, toy.grid.affine), image).reason is Reason.LABELS_NOT_INTEGER


def test_another_geometry_is_refused_and_named(tmp_path: Path) -> None:
    toy = make_toy()
    image = toy.volume(toy.fat)
    moved = toy.grid.affine.copy()
    moved[0, 3] += 5
    error = refused(save(tmp_path / "a.nii", toy.labels.array, moved), image)
    assert error.reason is Reason.LABELS_GEOMETRY
    assert "5.0 mm" in error.detail
    error = refused(save(tmp_path / "b.nii", toy.labels.array[:-1], toy.grid.affine), image)
    assert error.reason is Reason.LABELS_GEOMETRY
    assert "143x104x30" in error.detail


def test_labels_without_a_gluteus(tmp_path: Path) -> None:
    toy = make_toy()
    error = refused(save(tmp_path / "a.nii", np.full(toy.grid.shape, 7, np.uint8), toy.grid.affine), toy.volume(toy.fat))
    assert error.reason is Reason.LABELS_EMPTY
    assert "[7]" in error.detail


@pytest.mark.parametrize("content", [b"", b"not a nifti at all", b"\x1f\x8b broken"])
def test_unreadable_files(tmp_path: Path, content: bytes) -> None:
    toy = make_toy()
    path = tmp_path / "l.nii.gz"
    path.write_bytes(content)
    assert refused(path, toy.volume(toy.fat)).reason is Reason.LABELS_UNREADABLE
    assert refused(tmp_path / "nothing.nii", toy.volume(toy.fat)).reason is Reason.LABELS_NOT_FOUND


def test_four_axes_are_unreadable(tmp_path: Path) -> None:
    toy = make_toy()
    path = save(tmp_path / "l.nii", np.stack([toy.labels.array] * 2, axis=-1), toy.grid.affine)
    error = refused(path, toy.volume(toy.fat))
    assert error.reason is Reason.LABELS_UNREADABLE
    assert "not_3d" in error.detail


def test_numbers_of_another_numbering_are_not_taken_for_ours(tmp_path: Path) -> None:
    """Another program's 110 may be a rib: only a named numbering may ignore values."""
    toy = make_toy()
    array = toy.labels.array.copy()
    array[:3] = 7
    path = save(tmp_path / "l.nii", array, toy.grid.affine)
    study = Study("0" * 12, (series("s", SeriesKind.T1, toy.volume(toy.fat)),))
    with pytest.raises(RefusedInput) as caught:
        LabelMapSegmenter(path, OURS, "gluteal_grade", assumed=True).segment(study, ())
    assert caught.value.reason is Reason.LABELS_NUMBERING
    assert "[7]" in caught.value.detail
    assert LabelMapSegmenter(path, OURS, "gluteal_grade").segment(study, ()).labels.array.max() == 232
