"""Something added to the magnitudes of a pair, or black stored for white, gives no fraction; files stored around an intercept are sound."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Array
from gluteal_grade.io import Study, discover
from gluteal_grade.measurement.offsets import refuse_offset
from gluteal_grade.measurement.plan import plan_study
from gluteal_grade.vocabulary import Side
from tests.synthetic import dixon, dixon_study, make_toy

SETTINGS = load_settings()


def fat_of(study: Study):
    return plan_study(study, SETTINGS).sides[Side.RIGHT].elsewhere[0].measure(SETTINGS)


def changed(study: Study, which: int, change: Callable[[Array], Array], offset: float = 0.0) -> Study:
    found = list(study.series)
    one = found[which]
    volume = one.load()
    moved = volume.with_array(np.asarray(change(volume.array), np.float32))
    found[which] = replace(one, load=lambda: moved, acquisition=replace(one.acquisition, offset=offset))
    return Study(study.id, tuple(found))


def shifted(study: Study, which: int, offset: float, *, header: bool = True) -> Study:
    return changed(study, which, lambda a: a + np.float32(offset), offset if header else 0.0)


def padded(array: Array, value: float) -> Array:
    found = np.array(array)
    found[:4] = value
    return found


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("offset", [100.0, -100.0, 5000.0])
def test_an_intercept_under_all_values_is_refused(which: int, offset: float) -> None:
    with pytest.raises(RefusedInput) as caught:
        fat_of(shifted(dixon_study(make_toy()), which, offset))
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS
    assert f"intercept of {offset:g}" in caught.value.detail


def test_an_intercept_that_moves_nothing_is_none() -> None:
    assert np.isfinite(fat_of(shifted(dixon_study(make_toy()), 0, 1.0)).volume.array).any()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("share", [0.04, 0.3, 3.0, -0.04, -0.3])
def test_what_a_converter_added_is_refused_whatever_the_header_says(which: int, share: float) -> None:
    study = dixon_study(make_toy())
    offset = share * float(np.percentile(study.series[which].load().array, 99.9))
    with pytest.raises(RefusedInput) as caught:
        fat_of(shifted(study, which, offset, header=False))
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS
    assert "something was added" in caught.value.detail


@given(st.floats(-0.012, 0.012), st.sampled_from([0, 1]))
def test_what_rounding_adds_is_not_refused(share: float, which: int) -> None:
    study = dixon_study(make_toy())
    offset = share * float(np.percentile(study.series[which].load().array, 99.9))
    refuse_offset(shifted(study, which, offset, header=False).series[which])


def test_an_image_interpolated_with_cubic_splines_is_read() -> None:
    """As research pipelines make of thick slices; the splines swing below 0 where bright meets dark."""
    toy = make_toy()
    study = dixon_study(toy)
    for which in (0, 1):
        study = changed(study, which, lambda a: ndimage.shift(a, (0.5, 0.5, 0.5), order=3, mode="nearest"))
    low, bright = np.percentile(study.series[0].load().array, (0.1, 99.9))
    assert low < -0.02 * bright
    assert np.isfinite(fat_of(study).volume.array).any()


@pytest.mark.parametrize("white", [1.0, 5.0])
def test_black_stored_for_white_is_refused(white: float) -> None:
    """Counted from the image's own brightest voxel its darkest is 0, from the top of the stored range it is not."""
    study = dixon_study(make_toy())
    for which in (0, 1):
        study = changed(study, which, lambda a: white * a.max() - a)
    with pytest.raises(RefusedInput) as caught:
        fat_of(study)
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS
    assert "black and white changed places" in caught.value.detail


@pytest.mark.parametrize("value", [-2000.0, -32768.0, np.nan])
def test_padding_outside_the_field_of_view_changes_nothing(value: float) -> None:
    study = dixon_study(make_toy())
    plain = fat_of(study).volume.array
    for which in (0, 1):
        study = changed(study, which, lambda a: padded(a, value))
    muscle = make_toy().labels.array > 0
    assert np.nanmean(fat_of(study).volume.array[muscle]) == pytest.approx(np.nanmean(plain[muscle]), abs=0.003)


def test_whole_numbers_of_nibabel_are_read(tmp_path: Path) -> None:
    """It stores floats as whole numbers around an intercept in the middle of their range."""
    toy = make_toy()
    for name, array in zip("WF", dixon(toy), strict=True):
        image = nib.Nifti1Image(array.astype(np.float32), toy.grid.affine)
        image.set_data_dtype(np.int16)
        image.set_qform(image.affine, 1)
        image.set_sform(image.affine, 1)
        nib.save(image, tmp_path / f"dixon_{name}.nii.gz")
    (study,) = discover(tmp_path).studies
    assert all(abs(series.acquisition.offset) > 100 for series in study.series)
    stored, made = fat_of(study).volume.array, fat_of(dixon_study(toy)).volume.array
    muscle = toy.labels.array > 0
    assert abs(np.nanmean(stored[muscle]) - np.nanmean(made[muscle])) < 0.002
