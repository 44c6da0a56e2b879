"""Synthetic tables against segmenters whose errors are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from gluteal_grade.errors import Reason, RefusedInput
from gluteal_grade.geometry import Volume
from gluteal_grade_lab.training.evaluate import fat_fraction, fatty, folds, swaps, synthetic
from gluteal_grade_lab.training.evaluate.cases import Case, score_rows
from gluteal_grade_lab.training.evaluate.runner import run
from gluteal_grade_lab.training.evaluate.tables import scored
from gluteal_grade_lab.training.evaluate.workbench import Found

CASE = Case("ts_s0327", "t1", 3, slice_mm=5.0, in_plane_mm=2.0)


def grown(labels):
    """Maximus one voxel fatter in the slice."""
    out = labels.copy()
    for value in (110, 210):
        out[binary_dilation(labels == value, np.ones((3, 3, 1))) & (labels == 0)] = value
    return out


def other_side(labels):
    return np.where(labels >= 200, labels - 100, np.where(labels > 0, labels + 100, 0)).astype(np.uint8)


@pytest.mark.long
def test_a_perfect_segmenter_is_perfect(bench):
    rows = synthetic.measure(CASE, bench)
    assert len(rows) == 6
    assert all(row["dice"] == 1 and row["hd95_mm"] == 0 and row["volume_error"] == 0 and not row["wrong_side"] for row in rows)
    text = synthetic.render(rows)
    assert "**missed**" not in text
    assert "Muscles on the wrong side: 0" in text
    assert "1.000 (1.000)" in text


def test_a_poor_segmenter_misses_the_targets(bench, oracle):
    oracle.change = grown
    rows = synthetic.measure(CASE, bench)
    maximus = [row for row in rows if row["muscle"] == "gluteus_maximus"]
    assert all(0.6 < row["dice"] < 0.94 and row["volume_error"] > 0.1 and row["hd95_mm"] >= 2 for row in maximus)
    assert synthetic.render(rows).count("**missed**") == 2  # Dice and volume of the maximus


def test_a_refusal_counts_as_missed_and_is_listed(bench, oracle):
    def refuse(labels):
        raise RefusedInput(Reason.NO_GLUTEAL_MUSCLE, "made up")

    oracle.change = refuse
    rows = synthetic.measure(CASE, bench)
    assert {row["refused"] for row in rows} == {"no_gluteal_muscle"}
    assert all(row["dice"] == 0 for row in rows)
    assert f"{CASE.key} (no_gluteal_muscle)" in synthetic.render(rows)


def test_swapped_sides_are_counted(bench, oracle):
    rows = [row for fov in ("whole", "right_hip") for row in swaps.measure(replace(CASE, fov=fov), bench)]
    assert "Sides swapped in all: 0." in swaps.render(rows)
    oracle.change = other_side
    wrong = [row for fov in ("whole", "right_hip") for row in swaps.measure(replace(CASE, fov=fov), bench)]
    text = swaps.render(wrong)
    assert "Sides swapped in all: 2." in text
    assert "| right_hip | 1 | 1 | 0 | 1 | 0 |" in text


def test_a_volume_without_labels_scores_as_nothing():
    empty = Volume(np.zeros((4, 4, 4), np.uint8), np.eye(4))
    rows = score_rows(CASE, Found(empty), empty)
    assert {row["reason"] for row in rows} == {"truth_absent"}
    assert scored(rows) == []


def test_the_plan_covers_what_the_issue_asks():
    cases = synthetic.items(50)
    whole = [case for case in cases if case.fov == "whole"]
    cells = {(case.body, case.mode) for case in cases}
    assert len(cells) == 8
    assert all(sum((c.body, c.mode) == cell for c in whole) == 50 for cell in cells)
    assert {c.plane for c in whole} == {"axial", "coronal"}
    assert {c.slice_mm for c in whole} == {3, 5, 7}
    assert {c.fov for c in cases} == {"whole", "right_hip", "left_hip", "cut_top", "cut_bottom"}
    few = [case for case in synthetic.items(2) if case.fov == "whole"]
    assert {c.slice_mm for c in few} == {3, 5, 7}
    assert {c.plane for c in few} == {"axial", "coronal"}
    for items in (cases, swaps.items(50), fatty.items(50), fat_fraction.items(50)):
        assert len({c.key for c in items}) == len(items)
    assert len(swaps.items(50)) == 500
    assert len({(c.body, c.seed) for c in whole}) == len(whole), "no body twice from one seed: cells are independent"


def test_fatty_pairs_differ_in_fat_alone():
    cases = fatty.items(10)
    assert len(cases) == 80
    for lean, fat in zip(cases[::2], cases[1::2], strict=True):
        assert replace(fat, fat_percent=lean.fat_percent) == lean
        assert lean.fat_percent < 15
        assert 50 <= fat.fat_percent <= 90
    assert {c.fat_percent for c in cases[1::2]} == {50, 60, 70, 80, 90}


def test_dice_loss_of_a_segmenter_that_fat_confuses(bench, oracle):
    lean, fat = (replace(CASE, fat_percent=p) for p in (5.0, 70.0))
    rows = fatty.measure(lean, bench)
    oracle.change = grown
    rows += fatty.measure(fat, bench)
    losses = {(row["muscle"], row["side"]): row["loss"] for row in fatty.losses(rows)}
    assert len(losses) == 6
    assert losses["gluteus_maximus", "left"] > 0.05
    assert losses["gluteus_minimus", "left"] == 0
    assert fatty.render(rows).count("**missed**") == 1


def test_fat_fraction_is_read_on_one_map(bench, oracle):
    case = replace(CASE, mode="water", fat_percent=10.0)
    rows = fat_fraction.measure(case, bench)
    assert all(row["error"] == 0 and 0 < row["ff"] < 60 for row in rows)
    assert np.array_equal(oracle.images[0][0].array, oracle.last.dixon[0].array), "segmented on the water image"
    oracle.change = grown  # takes in the fat around
    fatter = {(row["muscle"], row["side"]): row["error"] for row in fat_fraction.measure(case, bench)}
    assert fatter["gluteus_maximus", "right"] > 2
    assert fatter["gluteus_medius", "right"] == 0
    assert "**missed**" not in fat_fraction.render(rows)


def test_fat_fraction_of_a_known_pair():
    water, fat = (Volume(np.full((20, 20, 20), v, np.float32), np.eye(4)) for v in (300, 100))
    for volume in (water, fat):
        volume.array[:3] = 0  # air
    fraction = fat_fraction.fraction_map(water, fat)
    assert fraction[10, 10, 10] == pytest.approx(0.25, abs=1e-3)


@pytest.mark.long
def test_folds_are_measured_with_their_own_model(setup, oracle, tmp_path):
    table = folds.table({"vhf": "without vhf"})
    seen = table.items(5)
    assert {(c.body, c.model) for c in seen} == {("vhf", "without vhf")}
    outcome = run(table, 1, setup, tmp_path)
    assert len(outcome.rows) == 4 * 6
    assert "| vhf | 4 | 1.000 (1.000)" in outcome.markdown()
    assert [kind for _, kind in oracle.images] == [False] * 4


def test_ct_draws_are_read_as_ct(bench, oracle):
    synthetic.measure(replace(CASE, mode="ct"), bench)
    assert oracle.images[-1][1] is True
