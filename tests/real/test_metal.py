"""Real pictures: metal where it is, none where none is. Joints are where the shipped networks' labels put them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.io.nifti import read_volume
from gluteal_grade.metal._joint import distance_mm
from gluteal_grade.metal.artifact import artifact_near, artifact_on_ct, darkness
from gluteal_grade.vocabulary import Side

DATA = Path(__file__).parents[3] / "shared" / "data"
SETTINGS = load_settings().metal

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")


@pytest.mark.parametrize(("name", "joint"), [("sts_044_t1", (97.0, -22.0, -768.0)), ("sts_046_t1", (102.0, 23.0, 782.0))])
def test_no_void_of_an_ordinary_hip_is_as_thick_as_metal(name: str, joint: tuple[float, float, float]) -> None:
    image = read_volume(DATA / "mri" / f"{name}.nii.gz").to_ras()
    distance = distance_mm(image.grid, np.array(joint), Side.RIGHT, SETTINGS.place)
    found = artifact_near(darkness(image, SETTINGS.artifact), distance, SETTINGS.artifact)
    assert found.radius_mm < 0.6 * SETTINGS.artifact.min_radius_mm
    assert found.void_ml == 0


def test_the_cts_left_hip_holds_metal_and_its_right_does_not() -> None:
    image = read_volume(DATA / "ct" / "pelvis_ct.nii.gz").to_ras()
    for side, joint, least, most in ((Side.LEFT, (-88.0, 144.5, 123.0), 8, 16), (Side.RIGHT, (87.0, 149.5, 122.5), 0, 0)):
        distance = distance_mm(image.grid, np.array(joint), side, SETTINGS.place)
        assert least <= artifact_on_ct(image, distance, SETTINGS.artifact.reach_mm, SETTINGS.ct).void_ml <= most
