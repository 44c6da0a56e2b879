import json

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade_lab.phantom.nifti_writer import save_nifti, write_nifti


@pytest.mark.long
def test_bids_names_sidecars_and_voxels(study, tmp_path):
    paths = write_nifti(study, tmp_path, "07")
    names = {p.name for p in paths}
    assert {"sub-07_acq-water_Dixon.nii.gz", "sub-07_acq-fat_Dixon.nii.gz", "sub-07_T1w.nii.gz"} <= names
    for path, image in zip(paths, study.images, strict=True):
        loaded = nib.load(path)
        assert np.array_equal(np.asarray(loaded.dataobj), image.volume.array)
        assert loaded.affine == pytest.approx(image.volume.affine, abs=1e-3)
    sidecar = json.loads((tmp_path / "sub-07" / "anat" / "sub-07_T1w.json").read_text())
    assert sidecar["EchoTime"] == pytest.approx(0.011)
    assert sidecar["MagneticFieldStrength"] == 1.5


def test_same_volume_same_bytes(study, tmp_path):
    save_nifti(study.labels, tmp_path / "a.nii.gz")
    save_nifti(study.labels, tmp_path / "b.nii.gz")
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
