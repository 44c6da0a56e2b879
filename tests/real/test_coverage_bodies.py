"""The coverage estimate on real bodies: cut at many levels, compared with the share that is truly left."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.geometry import Volume
from gluteal_grade.imaging.coverage import coverage

ANATOMY = Path(__file__).parents[3] / "shared/data/anatomy"
BODIES = ("train/vhm", "train/vhf", "validate/open3d")

pytestmark = pytest.mark.skipif(not ANATOMY.is_dir(), reason="../shared/data/anatomy is not here")


@pytest.mark.long
def test_estimate_follows_the_true_share() -> None:
    errors = []
    for body in BODIES:
        image = nib.load(ANATOMY / f"{body}.nii.gz")
        array = np.asarray(image.dataobj)
        for value in range(1, 7):
            mask = array == value
            z = np.flatnonzero(mask.any(axis=(0, 1)))
            if z[0] == 0 or z[-1] == array.shape[2] - 1:
                continue
            for share in (0.1, 0.25, 0.4, 0.5, 0.6):
                step = int(share * (z[-1] - z[0]))
                for part in (mask[:, :, z[0] + step :], mask[:, :, : z[-1] - step + 1]):
                    picture = Volume(np.random.default_rng(0).random(part.shape, dtype=np.float32), image.affine)
                    errors.append(abs(coverage(part, picture, 20.0).share - part.sum() / mask.sum()))
    assert len(errors) > 100
    assert np.median(errors) < 0.06
    assert np.percentile(errors, 95) < 0.27
