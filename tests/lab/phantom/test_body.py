import numpy as np
import pytest

from gluteal_grade.vocabulary import GLUTEI, Muscle, Side
from gluteal_grade_lab.phantom.body import HEALTHY_VOLUME_ML, Body, BodyParameters, build_body, hip_lattice
from gluteal_grade_lab.phantom.structures import GLUTEAL, Structure

S = Structure


def lattice_ids(body, side, spacing=3.1):
    points = hip_lattice(body, side, spacing) + np.array([0.77, 1.1, 0])  # another lattice than the one it was calibrated on
    return points, body.tissue_at(points)


@pytest.mark.parametrize(("sex", "seed"), [("M", 1), ("F", 2)])
def test_healthy_volumes_are_hit(sex, seed):
    body = build_body(BodyParameters(sex, seed=seed))
    for side in Side:
        points, ids = lattice_ids(body, side)
        for muscle, target in HEALTHY_VOLUME_ML[sex].items():
            mine = np.isin(ids, [s for s, m in GLUTEAL.items() if m is muscle])
            if muscle is Muscle.GLUTEUS_MAXIMUS:
                mine &= points[:, 2] >= body.lesser_trochanter_mm
            assert np.count_nonzero(mine) * 3.1**3 / 1000 == pytest.approx(target, rel=0.01)


@pytest.mark.long
def test_volume_factors_apply_to_their_side(body):
    for side, factor in ((Side.RIGHT, 1.0), (Side.LEFT, 0.75)):
        _, ids = lattice_ids(body, side)
        volume = np.count_nonzero(ids == S.GLUTEUS_MEDIUS) * 3.1**3 / 1000
        assert volume == pytest.approx(387 * factor, rel=0.01)


def test_anatomy_is_in_order(body):
    for side, sign in ((Side.RIGHT, 1), (Side.LEFT, -1)):
        points, ids = lattice_ids(body, side)
        at = {s: points[ids == s].mean(axis=0) for s in S if np.any(ids == s)}
        minimus = points[np.isin(ids, (S.GLUTEUS_MINIMUS_ANTERIOR, S.GLUTEUS_MINIMUS_POSTERIOR))].mean(axis=0)
        assert sign * at[S.GLUTEUS_MEDIUS][0] > sign * minimus[0] > 0
        assert at[S.GLUTEUS_MINIMUS_ANTERIOR][1] > at[S.GLUTEUS_MINIMUS_POSTERIOR][1]
        assert at[S.GLUTEUS_MAXIMUS][1] < at[S.GLUTEUS_MEDIUS][1]
        assert at[S.TENSOR_FASCIAE_LATAE][1] > at[S.GLUTEUS_MEDIUS][1]
        assert at[S.GLUTEUS_MAXIMUS][2] < at[S.GLUTEUS_MEDIUS][2]
        # a ray outward from the iliac wing meets minimus, then medius, and never the other way round
        ray = np.array([sign * 88.0, -10.0, 35.0]) + np.linspace(0, 80, 400)[:, None] * np.array([sign * 0.92, -0.38, 0.0])
        seen = body.tissue_at(ray)
        minimus = np.flatnonzero(np.isin(seen, (S.GLUTEUS_MINIMUS_ANTERIOR, S.GLUTEUS_MINIMUS_POSTERIOR)))
        medius = np.flatnonzero(seen == S.GLUTEUS_MEDIUS)
        assert minimus.size
        assert medius.size
        assert minimus.max() < medius.min()
        assert seen[-1] in (S.SUBCUTANEOUS_FAT, S.SKIN, S.DEEP_FAT, S.AIR)


def test_implant_is_on_its_side(body):
    assert body.tissue_at(np.array([[-90.0, 0, 0]]))[0] == S.IMPLANT
    assert body.tissue_at(np.array([[90.0, 0, 0]]))[0] == S.FEMUR_MARROW


@pytest.mark.parametrize("fat_mm", [5.0, 40.0, 80.0])
def test_subcutaneous_fat_has_the_asked_thickness(fat_mm):
    body = Body(BodyParameters("F", subcutaneous_fat_mm=fat_mm, seed=2), {side: dict.fromkeys(GLUTEI, 1.0) for side in Side})
    x = np.arange(100, 320, 0.25)
    ids = body.tissue_at(np.stack([x, np.full_like(x, -5), np.full_like(x, 5)], axis=1))
    thickness = np.count_nonzero(np.isin(ids, (S.SUBCUTANEOUS_FAT, S.SKIN))) * 0.25
    assert thickness == pytest.approx(fat_mm, rel=0.15, abs=1.5)


def test_same_parameters_same_body():
    first, second = (build_body.__wrapped__(BodyParameters("F", seed=9), 4.0) for _ in range(2))
    points = np.random.default_rng(0).uniform((-180, -150, -120), (180, 90, 120), (3000, 3))
    assert np.array_equal(first.tissue_at(points), second.tissue_at(points))
    other = build_body.__wrapped__(BodyParameters("F", seed=10), 4.0)
    assert not np.array_equal(first.tissue_at(points), other.tissue_at(points))


@pytest.mark.parametrize(
    "bad",
    [{"sex": "X"}, {"subcutaneous_fat_mm": 3}, {"size": 2}, {"volume_factors": ((Side.LEFT, Muscle.GLUTEUS_MINIMUS, 0.1),)}],
)
def test_parameters_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="must be"):
        BodyParameters(**bad)
