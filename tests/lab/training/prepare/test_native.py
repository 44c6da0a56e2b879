"""Hand-drawn bodies: names, skin, and nothing outside it."""

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade_lab.training import tissues
from gluteal_grade_lab.training.prepare import names
from gluteal_grade_lab.training.prepare.native import native_bodies, native_table
from tests.lab.training.prepare.toy_labels import SHAPE, ellipsoid, toy


def test_merged_names_become_the_nearest_single_one():
    table = native_table()
    assert table[[100, 101, 102, 105, 114, 120]].tolist() == [35, 36, 45, 30, names.VERTEBRAE[0], 0]
    assert table[[1, 6, 7, 8, 57]].tolist() == [1, 6, 7, 8, 57]
    assert table[11] == table[13] == names.ILIOPSOAS[0]


@pytest.fixture(scope="module")
def bodies(tmp_path_factory):
    labels = toy().labels.copy()
    inside = ellipsoid(SHAPE, (49.5, 38, 44), (46, 33, 400))
    labels[inside & (labels == 0)] = 120
    path = tmp_path_factory.mktemp("native") / "pelvicref_toy.nii.gz"
    nib.save(nib.Nifti1Image(labels, np.diag([1.5, 1.5, 1.5, 1.0])), path)
    return native_bodies(path)


@pytest.mark.long
def test_one_keeps_its_skin_the_other_its_core(bodies):
    skin, core = bodies
    assert (skin.name, core.name) == ("pelvicref_toy_skin", "pelvicref_toy_core")
    assert int((skin.outside_mm == 0).sum()) > 1.2 * int((core.outside_mm == 0).sum())
    for body in bodies:
        assert body.span == (0, SHAPE[2] - 1)
        assert set(np.unique(body.tissue[body.outside_mm > 0])) <= {tissues.AIR, *tissues.GLUTEI}  # glutei are never cut
        assert set(tissues.GLUTEI) <= set(np.unique(body.tissue))
    middle = skin.tissue.shape[2] // 2
    assert (skin.tissue[:, :, middle] == tissues.FAT).any()


def test_other_voxels_are_refused(tmp_path):
    path = tmp_path / "x.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), np.uint8), np.diag([2.0, 2.0, 2.0, 1.0])), path)
    with pytest.raises(ValueError, match="must have"):
        native_bodies(path)
