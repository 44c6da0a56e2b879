"""The study folder: whole or not there, and what was written is what was measured."""

from __future__ import annotations

import html
import os
import stat
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, TransientFailure
from gluteal_grade.geometry import Volume
from gluteal_grade.pipeline import Graded, grade_study
from gluteal_grade.report import writer
from gluteal_grade.report.layout import Place
from gluteal_grade.report.look import Look
from gluteal_grade.report.writer import stored_image, write_study
from gluteal_grade.result.models import StudyResult
from tests.synthetic import dixon_study, make_toy
from tests.test_pipeline import Given

BARE, SUMMARY = Look(pictures="none"), Look(pictures="summary")  # drawing every page is most of what writing costs
VOLUMES = arrays(np.float32, (3, 4, 5), elements=st.floats(-1e6, 1e6, width=32))


@pytest.fixture(scope="module")
def graded() -> Graded:
    toy = make_toy(0.3)
    return grade_study(dixon_study(toy), load_settings(), Given(toy.labels, "s1.water"))


def test_everything_is_there_and_nothing_else(graded: Graded, tmp_path: Path) -> None:
    folder = write_study(graded, tmp_path / "deep" / "out")
    names = {p.name for p in folder.iterdir()}
    always = {
        "result.json",
        "muscles.csv",
        "slices.csv",
        "report.html",
        "image.nii.gz",
        "labels.nii.gz",
        "fat_fraction.nii.gz",
        "overlay_summary.png",
    }
    assert always <= names
    assert {name for name in names - always if not name.startswith("overlay_")} == set()
    assert [p.name for p in folder.parent.iterdir()] == [graded.result.study]


def test_files_read_back_equal_what_was_measured(graded: Graded, tmp_path: Path) -> None:
    folder = write_study(graded, tmp_path, look=BARE)
    assert StudyResult.model_validate_json((folder / "result.json").read_text()).to_json() == graded.result.to_json()
    labels, fraction = (nib.load(folder / f"{name}.nii.gz") for name in ("labels", "fat_fraction"))
    assert labels.get_data_dtype() == np.uint8
    assert np.array_equal(np.asarray(labels.dataobj), graded.images.labels.array)
    assert np.allclose(labels.affine, graded.images.labels.affine, atol=1e-4)
    assert np.array_equal(np.asarray(fraction.dataobj), graded.images.fat_fraction.array, equal_nan=True)
    for m in graded.result.muscles:  # the numbers can be recomputed from the two files
        if m.region == "whole" and m.muscle == "gluteus_medius":
            value = 120 if m.side == "right" else 220
            inside = np.asarray(fraction.dataobj)[np.asarray(labels.dataobj) // 10 * 10 == value]
            assert np.nanmean(inside) == pytest.approx(m.fat_fraction, abs=1e-5)


def test_the_patient_is_named_where_it_was_asked_for_and_nowhere_else(graded: Graded, tmp_path: Path) -> None:
    name = "Zoë <script>alert(1)</script>"
    folder = write_study(graded, tmp_path / "named", look=replace(SUMMARY, identity=(name, "ID 17")))
    assert Place(graded.result.study).identity(tmp_path / "named") == (name, "ID 17")
    page = (folder / "report.html").read_text()
    assert html.escape(name) in page
    assert name not in page
    bare = write_study(graded, tmp_path / "bare", look=SUMMARY)
    assert Place(graded.result.study).identity(tmp_path / "bare") == ()
    assert (bare / "overlay_summary.png").read_bytes() != (folder / "overlay_summary.png").read_bytes()
    for file in bare.iterdir():
        assert "Zoë".encode() not in file.read_bytes()


def test_the_image_beside_the_labels_is_what_was_measured(graded: Graded, tmp_path: Path) -> None:
    folder = write_study(graded, tmp_path, look=BARE)
    image, labels = (nib.load(folder / f"{name}.nii.gz") for name in ("image", "labels"))
    assert image.shape == labels.shape
    assert np.array_equal(image.affine, labels.affine)
    assert np.array_equal(np.asarray(image.dataobj), stored_image(graded.images.image).array)


def test_the_same_study_twice_replaces_the_first(graded: Graded, tmp_path: Path) -> None:
    folder = write_study(graded, tmp_path, look=SUMMARY)
    (folder / "stale.txt").write_text("from an older version")
    assert not (write_study(graded, tmp_path, look=SUMMARY) / "stale.txt").exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failure_half_way_leaves_the_earlier_result(graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_study(graded, tmp_path, look=SUMMARY)
    before = (folder / "result.json").read_bytes()

    def disk_full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "write_overlays", disk_full)
    with pytest.raises(TransientFailure) as caught:
        write_study(graded, tmp_path, look=SUMMARY)
    assert caught.value.reason is Reason.OUTPUT_NOT_WRITABLE
    assert "No space left" in caught.value.detail
    assert (folder / "result.json").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1, "no scraps"


def test_output_that_is_a_file(graded: Graded, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(TransientFailure):
        write_study(graded, tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_output(graded: Graded, tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(TransientFailure):
        write_study(graded, tmp_path)


def volume(array: np.ndarray) -> Volume:
    return Volume(array, np.diag([1.0, 1, 1, 1]))


@given(arrays(np.int32, (3, 4, 5), elements=st.integers(-32768, 32767)))
def test_whole_numbers_that_fit_stay_what_they_are(array: np.ndarray) -> None:
    for given_as in (array, array.astype(np.float32)):
        stored = stored_image(volume(given_as)).array
        assert stored.dtype == np.int16
        np.testing.assert_array_equal(stored, array)


@given(VOLUMES)
def test_the_order_of_brightness_is_kept(array: np.ndarray) -> None:
    stored = stored_image(volume(array)).array.ravel()
    order = np.argsort(array.ravel(), kind="stable")
    assert (np.diff(stored[order].astype(int)) >= 0).all()


def test_other_numbers_are_scaled_finely_enough() -> None:
    array = np.random.default_rng(1).uniform(0, 0.8, (20, 20, 20)).astype(np.float32)
    stored = stored_image(volume(array)).array
    scale = stored.max() / array.max()
    assert 2000 < stored.max() < 2100
    assert np.abs(stored / scale - array).max() < 0.001


def test_what_is_not_finite_is_dark() -> None:
    array = np.full((2, 2, 2), 0.5, np.float32)
    array[0, 0, 0], array[1, 1, 1] = np.nan, np.inf
    stored = stored_image(volume(array)).array
    assert len(np.unique(stored)) == 1


def test_nothing_at_all() -> None:
    assert (stored_image(volume(np.zeros((2, 2, 2), np.float32))).array == 0).all()
    assert (stored_image(volume(np.full((2, 2, 2), np.nan))).array == 0).all()
    assert (stored_image(volume(np.full((2, 2, 2), 70000, np.uint32))).array > 0).all()


def test_a_rare_bright_voxel_does_not_darken_the_rest() -> None:
    array = np.random.default_rng(1).uniform(0.2, 0.8, (30, 30, 30)).astype(np.float32)
    array[0, 0, 0] = 1e5
    stored = stored_image(volume(array)).array
    assert np.median(stored) > 1000
