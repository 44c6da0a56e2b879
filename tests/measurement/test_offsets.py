"""A header that adds something to all magnitudes of a pair gives no fat fraction; files stored around an intercept are sound."""

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.io import Study, discover
from gluteal_grade.measurement.plan import plan_study
from gluteal_grade.vocabulary import Side
from tests.synthetic import dixon, dixon_study, make_toy

SETTINGS = load_settings()


def fat_of(study: Study):
    return plan_study(study, SETTINGS).sides[Side.RIGHT].elsewhere[0].measure(SETTINGS)


def shifted(study: Study, which: int, offset: float) -> Study:
    found = list(study.series)
    one = found[which]
    volume = one.load()
    moved = volume.with_array(volume.array + np.float32(offset))
    found[which] = replace(one, load=lambda: moved, acquisition=replace(one.acquisition, offset=offset))
    return Study(study.id, tuple(found))


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("offset", [100.0, -100.0, 5000.0])
def test_an_intercept_under_all_values_is_refused(which: int, offset: float) -> None:
    with pytest.raises(RefusedInput) as caught:
        fat_of(shifted(dixon_study(make_toy()), which, offset))
    assert caught.value.reason is Reason.RESCALE_CONTRADICTS
    assert f"intercept of {offset:g}" in caught.value.detail


def test_an_intercept_that_moves_nothing_is_none() -> None:
    assert np.isfinite(fat_of(shifted(dixon_study(make_toy()), 0, 1.0)).volume.array).any()


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
