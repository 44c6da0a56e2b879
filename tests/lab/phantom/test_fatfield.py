import numpy as np
import pytest

from gluteal_grade.vocabulary import Muscle, Side
from gluteal_grade_lab.phantom.body import hip_lattice
from gluteal_grade_lab.phantom.fatfield import NEIGHBOUR_FF, FatField, FatPrescription, both_sides
from gluteal_grade_lab.phantom.structures import GLUTEAL, Structure

from .conftest import FAT


@pytest.fixture(scope="module", params=list(Side))
def sampled(request, body, fat):
    """Fat on another, finer lattice than the one it was calibrated on."""
    points = hip_lattice(body, request.param, 2.1) + 0.4
    canonical = body.canonical(points)
    ids = body.structures_at(*canonical)
    return request.param, points, ids, fat.fat_fraction(ids, *canonical)


def test_means_are_as_prescribed(sampled):
    side, _, ids, ff = sampled
    for prescribed_side, muscle, fat in FAT:
        if prescribed_side is side:
            mine = np.isin(ids, [s for s, m in GLUTEAL.items() if m is muscle])
            assert ff[mine].mean(dtype=float) == pytest.approx(fat.mean, abs=3e-3)  # as well as this lattice can tell


def test_fractions_are_fractions_and_only_in_muscle(sampled):
    _, _, ids, ff = sampled
    assert ff.min() >= 0
    assert ff.max() <= 1
    assert not ff[~np.isin(ids, np.arange(20, 40))].any()
    assert ff[ids == Structure.VASTUS].mean() == pytest.approx(NEIGHBOUR_FF, abs=0.006)


def test_posterior_pattern_is_posterior(sampled):
    side, _, ids, ff = sampled
    if side is Side.LEFT:
        assert ff[ids == Structure.GLUTEUS_MINIMUS_POSTERIOR].mean() > ff[ids == Structure.GLUTEUS_MINIMUS_ANTERIOR].mean() + 0.15


def test_streaks_run_along_the_fibres(body):
    sharp = FatPrescription(0.3, FAT[2][2].pattern)
    field = FatField(body, both_sides(sharp, sharp, sharp), seed=3)
    lat, ant, sup = (v[:4000] for v in body.points_in(Side.RIGHT, Muscle.GLUTEUS_MAXIMUS))
    ids, right = np.full(lat.shape, Structure.GLUTEUS_MAXIMUS, np.uint8), np.ones(lat.shape, bool)
    here = field.fat_fraction(ids, lat, ant, sup, right)
    along = field.fat_fraction(ids, lat + 3.6, ant + 1.8, sup - 3.0, right)  # 5 mm down the fibres
    across = field.fat_fraction(ids, lat + 2.6, ant + 0.6, sup + 4.2, right)
    assert np.abs(along - here).mean() < 0.6 * np.abs(across - here).mean()


def test_bad_prescriptions_are_refused(body):
    with pytest.raises(ValueError, match="mean fat fraction"):
        FatPrescription(1.2)
    with pytest.raises(ValueError, match="every gluteal muscle"):
        FatField(body, FAT[:5])
