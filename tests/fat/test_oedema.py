"""Oedema on STIR: a known bright part is found, healthy muscle is not called oedematous, and no grade moves."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gluteal_grade.config import load_settings
from gluteal_grade.errors import Reason
from gluteal_grade.fat.fatmap import FatMap
from gluteal_grade.fat.oedema import oedema_map
from gluteal_grade.geometry import Volume
from gluteal_grade.io.study import Acquisition, Series
from gluteal_grade.measurement.measure import Measurement, measure, with_oedema
from gluteal_grade.vocabulary import Method, Muscle, Region, SeriesKind, Side
from tests.synthetic import Toy, make_toy, rician, series

SETTINGS = load_settings()
SMALL = {"shape": (108, 78, 30), "spacing": (3.3, 3.3, 5.0)}
MEDIUS_LEFT = 220
FRACTIONS = {(Muscle.GLUTEUS_MAXIMUS, Side.RIGHT): 0.6, (Muscle.GLUTEUS_MINIMUS, Side.LEFT): 0.5}


def stir(toy: Toy, bright: np.ndarray, bias: float = 0.0, snr: float = 15.0) -> np.ndarray:
    """Water alone, oedema 2.5 times as bright, shaded from side to side."""
    water = np.where(toy.body, 1 - np.nan_to_num(toy.fat), 0) * np.where(bright, 2.5, 1.0)
    shading = 1 + bias * np.linspace(-1, 1, toy.grid.shape[0])[:, None, None]
    return rician(100 * water * shading, 100 / snr, 5)


def part_of_medius(toy: Toy, share: float) -> np.ndarray:
    mask = toy.labels.array == MEDIUS_LEFT
    height = np.broadcast_to(np.arange(toy.grid.shape[2]), mask.shape)
    return mask & (height > np.quantile(height[mask], 1 - share))


def fat_map(toy: Toy) -> FatMap:
    given = series("s1", SeriesKind.T1, toy.volume(toy.fat), frame_of_reference="1.2")
    return FatMap(toy.volume(toy.fat), Method.T1, (given,), toy.volume(np.nan_to_num(toy.fat)), Volume(toy.body, toy.grid.affine))


def run(toy: Toy, *found: Series) -> tuple[dict, list]:
    fat = fat_map(toy)
    oedema, notes = oedema_map(found, fat, fat.series[0], SETTINGS.fat)
    measured = with_oedema(measure(toy.labels, fat, 2, SETTINGS.measure), toy.labels, oedema, SETTINGS.measure)
    return {m.part: m for m in measured}, list(notes)


def shares(measured: dict) -> dict[tuple[Side, Muscle], float]:
    return {(p.side, p.muscle): m.oedema_share for p, m in measured.items() if p.region is Region.WHOLE}


@pytest.mark.parametrize("bias", [0.0, 0.35])
def test_a_known_share_is_found_and_healthy_muscle_has_none(bias: float) -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    bright = part_of_medius(toy, 0.4)
    truth = bright.sum() / (toy.labels.array == MEDIUS_LEFT).sum()
    found = shares(run(toy, series("s2", SeriesKind.STIR, toy.volume(stir(toy, bright, bias))))[0])
    assert found.pop((Side.LEFT, Muscle.GLUTEUS_MEDIUS)) == pytest.approx(truth, abs=0.03)
    assert max(found.values()) < 0.02


def test_the_fraction_is_not_touched() -> None:
    toy = make_toy(FRACTIONS, **SMALL)
    bright = part_of_medius(toy, 0.4)
    with_it, _ = run(toy, series("s2", SeriesKind.STIR, toy.volume(stir(toy, bright))))
    without, _ = run(toy)
    for part, m in with_it.items():
        assert not math.isnan(m.oedema_share)
        assert replace(m, oedema_share=0.0) == replace(without[part], oedema_share=0.0)
    assert all(math.isnan(m.oedema_share) for m in without.values())


def test_a_series_on_its_own_grid_counts_if_it_shares_the_frame() -> None:
    toy, fine = make_toy(FRACTIONS, **SMALL), make_toy(FRACTIONS, shape=(144, 104, 26), spacing=(2.5, 2.5, 5.6))
    bright = part_of_medius(fine, 0.4)
    image = Volume(stir(fine, bright).astype(np.float32), fine.grid.affine)
    truth = bright.sum() / (fine.labels.array == MEDIUS_LEFT).sum()
    found, notes = run(toy, series("s2", SeriesKind.STIR, image, frame_of_reference="1.2"))
    assert shares(found)[Side.LEFT, Muscle.GLUTEUS_MEDIUS] == pytest.approx(truth, abs=0.06)
    assert notes == []
    elsewhere, notes = run(toy, series("s2", SeriesKind.STIR, image, frame_of_reference="9.9"))
    assert all(math.isnan(s) for s in shares(elsewhere).values())
    assert [n.reason for n in notes] == [Reason.OEDEMA_NOT_MEASURED]


@pytest.mark.parametrize(
    ("facts", "word"),
    [(Acquisition(contrast_agent=True), "contrast agent"), (Acquisition(tr_ms=600.0), "T1-weighted")],
)
def test_enhanced_and_t1_weighted_series_are_not_taken(facts: Acquisition, word: str) -> None:
    toy = make_toy(**SMALL)
    image = toy.volume(stir(toy, part_of_medius(toy, 0.4)))
    found, notes = run(toy, series("s2", SeriesKind.STIR, image, acquisition=facts))
    assert all(math.isnan(m.oedema_share) for m in found.values())
    assert word in notes[0].detail
    # a second, plain one steps in
    found, notes = run(toy, series("s2", SeriesKind.STIR, image, acquisition=facts), series("s3", SeriesKind.STIR, image))
    assert not any(math.isnan(m.oedema_share) for m in found.values())


def test_a_muscle_outside_the_series_has_no_share() -> None:
    toy = make_toy(**SMALL)
    whole = Volume(stir(toy, np.zeros(toy.grid.shape, bool)).astype(np.float32), toy.grid.affine)
    left_out = whole.cropped((45, 0, 0), whole.shape)  # the left hip is not in it
    found, _ = run(toy, series("s2", SeriesKind.STIR, left_out, frame_of_reference="1.2"))
    by_side = {side: [m.oedema_share for p, m in found.items() if p.side is side] for side in Side}
    assert np.isnan(by_side[Side.LEFT]).all()
    assert np.isfinite(by_side[Side.RIGHT]).all()


def test_no_lean_tissue_no_reference() -> None:
    toy = make_toy(0.7, **SMALL)
    toy.fat[np.isfinite(toy.fat) & (toy.labels.array == 0)] = 0.9
    found, notes = run(toy, series("s2", SeriesKind.STIR, toy.volume(stir(toy, np.zeros(toy.grid.shape, bool)))))
    assert all(isinstance(m, Measurement) and math.isnan(m.oedema_share) for m in found.values())
    assert "lean tissue" in notes[0].detail
