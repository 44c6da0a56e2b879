import json
from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.grading.scales import load_scales
from gluteal_grade.vocabulary import Muscle, Region, SeriesKind, Side
from gluteal_grade_lab.phantom.grids import axial_grid
from gluteal_grade_lab.phantom.study import make_study
from gluteal_grade_lab.phantom.tissue import FACTS
from gluteal_grade_lab.phantom.truth import label_values

from .conftest import FACTORS, FAT, small_spec


def test_truth_is_what_was_asked_for(study):
    factors = {(s, m): f for s, m, f in FACTORS}
    means = {(s, m): f.mean for s, m, f in FAT}
    healthy = {Muscle.GLUTEUS_MAXIMUS: 742, Muscle.GLUTEUS_MEDIUS: 387, Muscle.GLUTEUS_MINIMUS: 97}
    whole = [t for t in study.truth if t.part.region is Region.WHOLE]
    assert len(whole) == 6
    for truth in whole:
        key = truth.part.side, truth.part.muscle
        volume = truth.continuous.volume_ml
        if truth.part.muscle is Muscle.GLUTEUS_MAXIMUS:
            assert volume > 1.1 * truth.volume_above_lesser_trochanter_ml
            volume = truth.volume_above_lesser_trochanter_ml
        assert volume == pytest.approx(healthy[truth.part.muscle] * factors.get(key, 1), rel=0.012)
        assert truth.continuous.fat_fraction == pytest.approx(means[key], abs=1e-3)
        assert not truth.touches_border
        assert truth.grades["quartile"] == load_scales().grade("quartile", truth.continuous.fat_fraction)


def test_truth_on_labels_equals_an_independent_sum(study):
    fractions = study.content.fractions
    water = sum(FACTS[t].water_density * f for t, f in fractions.items())
    fat = sum(FACTS[t].fat_density * f for t, f in fractions.items())
    for truth in study.truth:
        mask = np.isin(study.labels.array, label_values(truth.part))
        ff = fat[mask] / (water + fat)[mask]
        assert truth.on_labels.volume_ml == pytest.approx(mask.sum() * 3 * 3 * 6 / 1000)
        assert truth.on_labels.fat_fraction == pytest.approx(ff.mean(), abs=1e-5)
        assert truth.on_labels.lean_volume_ml == pytest.approx((1 - ff).sum() * 0.054, rel=1e-4)


def test_regions_of_minimus_add_up_to_the_whole(study):
    for side in Side:
        parts = {t.part.region: t for t in study.truth if t.part.side is side and t.part.muscle is Muscle.GLUTEUS_MINIMUS}
        whole = parts[Region.WHOLE].continuous
        halves = [parts[r].continuous for r in (Region.ANTERIOR, Region.POSTERIOR)]
        assert whole.volume_ml == pytest.approx(sum(h.volume_ml for h in halves))
        assert whole.lean_volume_ml == pytest.approx(sum(h.lean_volume_ml for h in halves))
        assert 0.3 < halves[0].volume_ml / whole.volume_ml < 0.7


def test_dixon_images_measure_the_truth(study):
    water, fat = (study.image(k).array.astype(float) for k in (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT))
    for truth in study.truth:
        mask = np.isin(study.labels.array, label_values(truth.part))
        measured = (fat[mask] / (water + fat)[mask]).mean()
        assert measured == pytest.approx(truth.on_labels.fat_fraction, abs=0.012)


def test_phases_are_the_sum_and_the_difference(study):
    water, fat, opposed, in_phase = (
        study.image(k).array.astype(float)
        for k in (SeriesKind.DIXON_WATER, SeriesKind.DIXON_FAT, SeriesKind.DIXON_OPPOSED_PHASE, SeriesKind.DIXON_IN_PHASE)
    )
    mask = study.labels.array == 110
    # T2* takes a few per cent before each echo
    assert in_phase[mask].mean() / (water + fat)[mask].mean() == pytest.approx(1, abs=0.15)
    assert opposed[mask].mean() < in_phase[mask].mean()


def test_ct_tells_fat_from_muscle(study):
    hu = study.image(SeriesKind.CT).array
    assert hu.dtype == np.int16
    assert 20 < np.median(hu[study.labels.array == 120]) < 62
    assert np.median(hu[study.labels.array == 232]) < -10


def test_metal_share_is_told_for_the_own_grid_only(study):
    assert study.void_share == {}  # the only series with metal has its own grid


@pytest.mark.long
def test_same_spec_same_study_and_truth_is_json(study):
    spec = small_spec(grid=axial_grid((30, -120, 0), (170, 40, 60), (5, 5, 10)), supersample=(1, 1, 1))
    spec = replace(spec, series=spec.series[:2])
    first, second = make_study(spec), make_study(spec)
    assert json.dumps(first.truth_dict()) == json.dumps(second.truth_dict())
    for a, b in zip(first.images, second.images, strict=True):
        assert np.array_equal(a.volume.array, b.volume.array)
    truth = json.loads(json.dumps(study.truth_dict()))
    assert truth["generator"]["version"]
    assert truth["parameters"]["body"]["implant_side"] == "left"
    assert len(truth["truth"]) == len(study.truth)


def test_a_muscle_cut_by_the_grid_is_told(study):
    spec = small_spec(grid=axial_grid((30, -120, 0), (170, 40, 60), (5, 5, 10)), supersample=(1, 1, 1), series=())
    assert all(t.touches_border for t in make_study(spec).truth if t.part.muscle is Muscle.GLUTEUS_MEDIUS)
    with pytest.raises(KeyError):
        study.image(SeriesKind.STIR)
