"""Regions and checks on real bodies: the fan comes together at the femur that is there, sides are alike, good labels raise no flag."""

import json
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.geometry import Volume
from gluteal_grade.imaging.coverage import views_of
from gluteal_grade.segmentation.checks import check
from gluteal_grade.segmentation.fan import fan_of
from gluteal_grade.segmentation.regions import split
from gluteal_grade.vocabulary import GLUTEI, Muscle, Part, Region, Side, label_value

ANATOMY = Path(__file__).parents[3] / "shared/data/anatomy"
BODIES = ("train/ts_s0006", "train/ts_s0011", "validate/ts_s0327", "validate/open3d")
CADAVERS = ("train/vhf",)
SETTINGS = load_settings()
TROCHANTER_MM = 22.0  # the greater trochanter is what of the femur lies this close to its most lateral point

pytestmark = pytest.mark.skipif(not ANATOMY.is_dir(), reason="../shared/data/anatomy is not here")


@lru_cache(maxsize=2)
def body(name: str) -> Volume:
    """Values of labels.json, every other voxel."""
    image = nib.load(ANATOMY / f"{name}.nii.gz")
    return Volume(np.ascontiguousarray(np.asarray(image.dataobj)[::2, ::2, ::2]), image.affine @ np.diag([2, 2, 2, 1.0])).to_ras()


def numbers() -> dict[str, int]:
    return json.loads((ANATOMY / "labels.json").read_text())


def glutei(name: str) -> Volume:
    found = np.zeros(body(name).shape, np.uint8)
    for muscle in GLUTEI:
        for side in Side:
            found[body(name).array == numbers()[f"{muscle}_{side}"]] = label_value(Part(muscle, Region.WHOLE, side))
    return Volume(found, body(name).affine)


def points(volume: Volume, value: int) -> np.ndarray:
    return volume.grid.to_world(np.argwhere(volume.array == value))


@pytest.mark.parametrize("name", BODIES)
def test_the_apex_lies_at_the_trochanter(name: str) -> None:
    for side in Side:
        minimus, medius, femur = (
            points(body(name), numbers()[f"{bone}_{side}"]) for bone in ("gluteus_minimus", "gluteus_medius", "femur")
        )
        fan = fan_of(minimus, medius, side, own=True, lean_deg=SETTINGS.regions.lean_deg)
        lateral = femur[:, 0] * (1 if side is Side.RIGHT else -1)
        trochanter = femur[lateral > lateral.max() - TROCHANTER_MM]
        distance = float(np.linalg.norm(trochanter - fan.apex, axis=1).min())
        assert distance < 25, f"{side}: {distance:.0f} mm"


@pytest.mark.parametrize("name", [*BODIES, *CADAVERS])
def test_both_sides_are_split_alike_and_nothing_is_flagged(name: str) -> None:
    labels = glutei(name)
    picture = labels.with_array(np.random.default_rng(0).random(labels.shape, dtype=np.float32))
    views = views_of(labels, picture, SETTINGS.measure.min_view_area_mm2)
    assert check(labels, views, SETTINGS.checks, automatic=True) == ()
    found = split(labels, views, SETTINGS.regions)
    assert not [n for n in found.notes if "maximus" not in n.detail]
    share = {}
    for side in Side:
        front, back = (
            np.count_nonzero(found.labels.array == label_value(Part(Muscle.GLUTEUS_MINIMUS, r, side)))
            for r in (Region.ANTERIOR, Region.POSTERIOR)
        )
        share[side] = front / (front + back)
    assert all(0.4 < s < 0.7 for s in share.values())
    assert abs(share[Side.RIGHT] - share[Side.LEFT]) < 0.12
